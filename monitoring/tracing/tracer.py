"""Spans of requests and of batches. Imported where tracing is set up, and nowhere else."""

from __future__ import annotations

import functools
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.trace.span import TraceState

from monitoring.metrics import Metrics
from monitoring.tracing.export import Export
from monitoring.tracing.parent import Parent, read_traceparent
from monitoring.tracing.sampling import CHOSEN, sampler

Attributes = Mapping[str, Any]
_SPAN = next(iter(trace.set_span_in_context(trace.INVALID_SPAN, Context())))
"""The key under which a context has its span: writing it ourselves takes half the time."""

_W3C = TraceContextTextMapPropagator()


class _Passed(NonRecordingSpan):
    """The span of a request whose caller does not trace it; it is made of its headers if somebody asks."""

    def __init__(self, parent: Parent, state: str) -> None:
        self._parent, self._state = parent, state

    def get_span_context(self) -> SpanContext:
        """The caller's."""
        return _remote(self._parent, self._state)


class _Nobody(NonRecordingSpan):
    """The one span of all requests that nobody asked to trace: it has new ids for whoever asks."""

    def __init__(self) -> None:
        super().__init__(trace.INVALID_SPAN_CONTEXT)

    def get_span_context(self) -> SpanContext:
        """Valid, and not sampled: what is called from here is not traced either."""
        return SpanContext(random.getrandbits(128) | 1, random.getrandbits(64) | 1, is_remote=False)


UNSAMPLED = Context({_SPAN: _Nobody()})
"""Where nothing is traced."""


class Request:
    """A request that is worked on. Its span is the current one until it is left.

    Its `trace_id` is that of its span, or what the caller called its own trace, sampled or not.
    """

    __slots__ = ("_span", "_token", "context", "given", "trace_id")

    def __init__(
        self, context: Context, span: Span | None = None, trace_id: str | None = None, *, given: bool = False
    ) -> None:
        self.context, self._span, self.given = context, span, given
        self.trace_id = trace_id
        self._token: Any = attach(context)

    @property
    def sampled(self) -> bool:
        """Whether it is traced."""
        return self._span is not None

    @property
    def span(self) -> Span | None:
        """Its span, if it is traced."""
        return self._span

    def leave(self) -> None:
        """Where the work goes on elsewhere: its span is no longer the current one here."""
        if self._token is not None:
            detach(self._token)
            self._token = None

    def set(self, attributes: Attributes) -> None:
        """Say more about it, if it is traced."""
        if self._span is not None:
            self._span.set_attributes(attributes)

    def fail(self, error: BaseException) -> None:
        """Note an error that was met on the way, if it is traced."""
        if self._span is not None:
            self._span.record_exception(error)

    def end(self, code: int) -> None:
        """It was answered with this HTTP status."""
        self.leave()
        if self._span is not None:
            self._span.set_attribute("http.response.status_code", code)
            if code >= 500:
                self._span.set_attribute("error.type", str(code))
                self._span.set_status(Status(StatusCode.ERROR))
            self._span.end()


class Batch:
    """The work that is done for several requests at once: a child of the first, with a link to each.

    The traces of the others get a span of the same times, with a link to this one.
    """

    def __init__(self, tracer: trace.Tracer, name: str, requests: Sequence[Context], attributes: Attributes) -> None:
        self._tracer, self._name, self._attributes = tracer, name, attributes
        self._others = requests[1:]
        links = [Link(trace.get_current_span(one).get_span_context()) for one in requests]
        self._start = time.time_ns()
        self._span = tracer.start_span(name, requests[0], links=links, attributes=attributes, start_time=self._start)
        self._token = attach(trace.set_span_in_context(self._span, requests[0]))

    def end(self, error: BaseException | None) -> None:
        """The work is done, or has failed."""
        detach(self._token)
        end = time.time_ns()
        link = [Link(self._span.get_span_context())]
        others = [
            self._tracer.start_span(self._name, one, links=link, attributes=self._attributes, start_time=self._start)
            for one in self._others
        ]
        for span in (self._span, *others):
            if error is not None:
                span.record_exception(error)
                span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            span.end(end)


class Tracing:
    """The tracing of one process."""

    def __init__(self, url: str, sample: float, resource: Mapping[str, str], metrics: Metrics | None = None) -> None:
        self.url, self.sample = url, sample
        self.closed = False
        self._export = Export(url, metrics)
        self.provider = TracerProvider(
            sampler=sampler(sample), resource=Resource.create(dict(resource)), shutdown_on_exit=False
        )
        self.provider.add_span_processor(self._export)
        self._tracer = self.provider.get_tracer("servewatch")
        if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
            trace.set_tracer_provider(self.provider)

    def start_request(self, name: str, traceparent: str = "", tracestate: str = "") -> Request:
        """Begin a request that came in; whether it is traced is decided before anything is built."""
        parent = read_traceparent(traceparent) if traceparent else None
        if parent is None and not self.chosen():
            return self.unsampled()
        return self.begin(name, parent, tracestate)

    @staticmethod
    def unsampled() -> Request:
        """Begin a request that was not chosen."""
        return Request(UNSAMPLED)

    def chosen(self) -> bool:
        """Whether the next request that comes without a caller's decision is traced."""
        return random.random() < self.sample

    @staticmethod
    def skip() -> Callable[[], None]:
        """Be where nothing is traced; call what it gives to go back."""
        return functools.partial(detach, attach(UNSAMPLED))

    def begin(self, name: str, parent: Parent | None, state: str = "") -> Request:
        """Begin a request that was chosen, or that has a caller's decision."""
        if parent is not None and not parent.sampled:
            return Request(Context({_SPAN: _Passed(parent, state)}), trace_id=parent.trace_id, given=True)
        before = CHOSEN if parent is None else _within(_remote(parent, state))
        span = self._tracer.start_span(name, before, kind=SpanKind.SERVER)
        context = Context({**get_current(), _SPAN: span})
        if not span.is_recording():  # OTEL_SDK_DISABLED is set
            return Request(context, given=parent is not None)
        return Request(context, span, f"{span.get_span_context().trace_id:032x}", given=parent is not None)

    def record(self, name: str, context: Context, seconds: float, attributes: Attributes) -> None:
        """Note something that took so long and ends now."""
        end = time.time_ns()
        self._tracer.start_span(name, context, attributes=attributes, start_time=end - int(seconds * 1e9)).end(end)

    def batch(self, name: str, requests: Sequence[Context], attributes: Attributes) -> Batch:
        """Begin what is done for these requests at once; its span is the current one until it ends."""
        return Batch(self._tracer, name, requests, attributes)

    @staticmethod
    def enter(context: Context) -> Callable[[], None]:
        """Make this where we are; call what it gives to go back."""
        return functools.partial(detach, attach(context))

    @staticmethod
    def current() -> Context:
        """Where in a trace we are."""
        return get_current()

    @staticmethod
    def outgoing(context: Context | None = None) -> dict[str, str]:
        """The headers that continue the trace elsewhere."""
        headers: dict[str, str] = {}
        _W3C.inject(headers, context)
        return headers

    @staticmethod
    def resume(traceparent: str = "", tracestate: str = "") -> Context:
        """The context that came from another process of this service."""
        parent = read_traceparent(traceparent)
        return UNSAMPLED if parent is None else _within(_remote(parent, tracestate))

    def close(self, seconds: float = 2.0) -> None:
        """Send what is left, within this time; what cannot be sent by then is dropped and counted."""
        if not self.closed:
            self.closed = True
            self._export.close(seconds)


def _remote(parent: Parent, state: str) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if parent.sampled else TraceFlags.DEFAULT)
    states = TraceState.from_header([state]) if state else None
    return SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), True, flags, states)


def _within(context: SpanContext) -> Context:
    return Context({_SPAN: NonRecordingSpan(context)})
