from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from monitoring.tracing import export
from tests.monitoring.tracing.collectors import Collector

OUTCOMES = ("sent", "failed", "dropped")


def counts(registry: CollectorRegistry) -> dict[str, float | None]:
    labels = {"service": "shop", "version": "1.2"}
    return {
        outcome: registry.get_sample_value("servewatch_trace_spans_total", {**labels, "outcome": outcome})
        for outcome in OUTCOMES
    }


def send(live: Any, spans: int) -> None:
    for _ in range(spans):
        live.start_request("a").end(200)


def test_every_span_is_counted_by_what_became_of_it(
    tracing: Callable[..., Any], collector: Collector, registry: CollectorRegistry
) -> None:
    """From the start the outcomes are there at 0; all that was taken by the collector is counted as sent."""
    live = tracing()
    assert counts(registry) == {"sent": 0, "failed": 0, "dropped": 0}
    send(live, 700)
    live.close()
    assert counts(registry) == {"sent": 700, "failed": 0, "dropped": 0}
    assert len(collector.spans) == 700


def test_a_collector_that_refuses_costs_spans_and_nothing_else(
    tracing: Callable[..., Any], collector: Collector, registry: CollectorRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    """The spans are counted as failed, and the log says so once."""
    collector.status = 400
    live = tracing()
    send(live, 1100)
    live.close()
    assert counts(registry) == {"sent": 0, "failed": 1100, "dropped": 0}
    told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(told) == 1
    assert told[0].startswith(f"spans could not be sent to {collector.url}/v1/traces (")


def test_a_collector_that_is_slow_holds_nobody_up(
    tracing: Callable[..., Any], collector: Collector, registry: CollectorRegistry
) -> None:
    """While it sits on a batch, requests go on: what is over the bound is dropped and counted, at once."""
    collector.wait = 60.0
    live = tracing()
    send(live, export.CAPACITY + 500)
    assert counts(registry) == {"sent": 0, "failed": 0, "dropped": 500}
    collector.released.set()
    live.close(10)
    assert counts(registry) == {"sent": export.CAPACITY, "failed": 0, "dropped": 500}


def test_a_collector_that_is_down_does_not_keep_the_process(
    tracing: Callable[..., Any], registry: CollectorRegistry
) -> None:
    """Closing gives up after the time that it was given, and counts what was lost."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        live = tracing(endpoint=f"http://127.0.0.1:{probe.getsockname()[1]}")
        send(live, 5)
        closing = threading.Thread(target=live.close, args=(0.2,))
        began = time.monotonic()
        closing.start()
        closing.join(10)
        assert not closing.is_alive()
        assert time.monotonic() - began < 10
    found = counts(registry)
    assert (found["sent"], (found["failed"] or 0) + (found["dropped"] or 0)) == (0, 5)


def test_a_span_that_ends_after_the_end_is_dropped(tracing: Callable[..., Any], registry: CollectorRegistry) -> None:
    """It is counted, and raises nothing."""
    live = tracing()
    late = live.start_request("late")
    live.close()
    late.end(200)
    assert counts(registry) == {"sent": 0, "failed": 0, "dropped": 1}


def test_flushing_sends_at_once(tracing: Callable[..., Any], collector: Collector) -> None:
    """force_flush of the provider, as OpenTelemetry's users know it, sends what waits."""
    live = tracing()
    send(live, 3)
    assert live.provider.force_flush()
    assert len(collector.spans) == 3
