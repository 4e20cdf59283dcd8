"""Spans on their way out: in the background, in bounded memory, and counted whatever becomes of them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from monitoring.catalogue import runtime
from monitoring.metrics import Metrics

CAPACITY = 2048
"""Spans that may wait or be under way."""

BATCH = 512
INTERVAL = 1.0
TIMEOUT = 5.0
TELL_EVERY = 60.0
OUTCOMES = ("sent", "failed", "dropped")

log = logging.getLogger("monitoring.tracing")


class _Quiet(logging.Filter):
    """We tell once a minute what the exporter would tell at each attempt."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Nothing passes, unless somebody wants to know everything."""
        return log.isEnabledFor(logging.DEBUG)


class _Sender(SpanExporter):
    """Sends, and says what became of it."""

    def __init__(self, export: Export, url: str) -> None:
        self._export = export
        self._otlp = OTLPSpanExporter(endpoint=url, timeout=TIMEOUT)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """On the background thread: one batch of spans."""
        result = SpanExportResult.FAILURE
        try:
            result = self._otlp.export(spans)
        finally:
            self._export.left(len(spans), "sent" if result is SpanExportResult.SUCCESS else "failed")
        return result

    def shutdown(self) -> None:
        """Give up what is being tried."""
        self._otlp.shutdown()  # type: ignore[no-untyped-call]


class Export(SpanProcessor):
    """Hands ended spans to the background thread, and drops and counts them while too many wait."""

    def __init__(self, url: str, metrics: Metrics | None) -> None:
        self._url = url
        made = metrics and {o: metrics.counter(runtime.TRACE_SPANS, outcome=o) for o in OUTCOMES}
        self._counts = made or {}
        self._lock = threading.Lock()
        self._inside = 0
        self._closed = False
        self._told = float("-inf")
        _silence()
        self._sender = _Sender(self, url)
        self._batches = BatchSpanProcessor(self._sender, CAPACITY + BATCH, INTERVAL * 1000, BATCH)

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Nothing is to do before a span ends."""

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span if there is room."""
        if span.context is None or not span.context.trace_flags.sampled:
            return
        with self._lock:
            room = self._inside < CAPACITY and not self._closed
            self._inside += room
        if room:
            self._batches.on_end(span)
        else:
            self._count("dropped", 1)

    def left(self, spans: int, outcome: str) -> None:
        """So many have been sent, or given up."""
        with self._lock:
            spans = min(spans, self._inside)
            self._inside -= spans
        self._count(outcome, spans)
        now = time.monotonic()
        if outcome == "failed" and now - self._told > TELL_EVERY:
            self._told = now
            log.warning("spans could not be sent to %s (%d of them); told once a minute", self._url, spans)

    def _count(self, outcome: str, spans: int) -> None:
        if outcome in self._counts:
            self._counts[outcome].inc(spans)

    def close(self, seconds: float) -> None:
        """Send what waits; after this time, drop it."""
        with self._lock:
            self._closed = True
        closing = threading.Thread(target=self._batches.shutdown, name="tracing-close", daemon=True)
        closing.start()
        closing.join(seconds)
        if closing.is_alive():
            self._sender.shutdown()
            closing.join(0.1)
        with self._lock:
            lost, self._inside = self._inside, 0
        self._count("dropped", lost)

    def shutdown(self) -> None:
        """What the tracer provider calls."""
        self.close(TIMEOUT)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Send what waits now."""
        return self._batches.force_flush(timeout_millis)


def _silence() -> None:
    exporter = logging.getLogger(OTLPSpanExporter.__module__)
    if not any(isinstance(known, _Quiet) for known in exporter.filters):
        exporter.addFilter(_Quiet())
