from __future__ import annotations

import asyncio

import pytest
from prometheus_client.registry import CollectorRegistry

from monitoring import Metrics
from serving.counts import Counts

LABELS = {"service": "s", "version": "1", "endpoint": "predict"}


class Bench:
    """The counts of one endpoint, and what they expose."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.counts = Counts(Metrics(self.registry, {"service": "s", "version": "1"}), "predict")

    def count(self, code: int) -> float | None:
        return self.registry.get_sample_value("servewatch_requests_total", {**LABELS, "code": str(code)})

    def seconds(self, what: str) -> float | None:
        return self.registry.get_sample_value(f"servewatch_request_duration_seconds_{what}", LABELS)


@pytest.mark.parametrize(
    ("code", "trace", "others"), [(200, None, 0), (200, "a" * 32, 3), (503, None, 3), (422, None, 0)]
)
def test_a_request_is_counted_at_once(code: int, trace: str | None, others: int) -> None:
    """One that is alone, one with an exemplar, and one that went wrong; no event loop is asked for that."""
    bench = Bench()
    bench.counts.open = others
    bench.counts.record(code, 0.25, trace)
    assert bench.count(code) == 1
    assert (bench.seconds("count"), bench.seconds("sum")) == (1, 0.25)


def test_requests_that_are_served_together_are_counted_together() -> None:
    """Each of them, when the event loop has turned, in its own bucket; and again those of the next turn."""
    bench = Bench()

    async def turns() -> list[float | None]:
        seen = []
        for seconds in ([0.5, 0.0625, 0.5], [0.25]):
            bench.counts.open = 2
            for taken in seconds:
                bench.counts.record(200, taken, None)
            seen.append(bench.count(200))
            await asyncio.sleep(0)
            seen.append(bench.count(200))
        return seen

    assert asyncio.run(turns()) == [0, 3, 3, 4]
    assert (bench.seconds("count"), bench.seconds("sum")) == (4, 1.3125)
    below = bench.registry.get_sample_value("servewatch_request_duration_seconds_bucket", {**LABELS, "le": "0.1"})
    assert below == 1
