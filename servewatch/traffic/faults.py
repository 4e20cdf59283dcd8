"""The faults of a demonstration: what each does, which alert it makes fire, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from alerts import Alert
from alerts.batching import QUEUE_FULL
from alerts.requests import REPLICA_DOWN, REQUEST_ERRORS_HIGH, REQUEST_LATENCY_HIGH, SERVICE_DOWN
from servewatch.traffic import samples
from servewatch.traffic.client import Sample
from servewatch.traffic.pictures import Pictures
from servewatch.traffic.schedule import steady

HEADER = "X-Servewatch-Fault"
ERROR, SLOW = "error", "slow=0.8"
FLOOD_ROWS = 64


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: what is sent, how often, for how long, and what is expected to come of it."""

    name: str
    alert: Alert
    told: str
    expected: str
    seconds: float
    rate: float
    make: Callable[[Pictures], Sequence[Sample]]
    in_flight: int = 64
    label: str = ""
    """The alert's label that tells what it is about, where it is worth telling."""
    windows: tuple[str, ...] = ()
    """Over what it looks, where that is longer than anybody waits."""

    def plan(self) -> Iterator[tuple[float, int]]:
        """When its requests start."""
        return steady(self.rate)


def _errors(pictures: Pictures) -> Sequence[Sample]:
    good = [samples.png(picture) for picture in pictures]
    return [*good[: len(good) // 3 * 2], *samples.with_header(good[len(good) // 3 * 2 :], HEADER, ERROR)]


def _slow(pictures: Pictures) -> Sequence[Sample]:
    return samples.with_header([samples.png(picture) for picture in pictures], HEADER, SLOW)


def _overload(pictures: Pictures) -> Sequence[Sample]:
    return samples.with_header([samples.rows(pictures, FLOOD_ROWS)], HEADER, SLOW)


ERRORS = Fault(
    name="errors",
    alert=REQUEST_ERRORS_HIGH,
    told="40 requests per second, a third of which fail inside the service",
    expected="within 2 minutes",
    seconds=180,
    rate=40,
    make=_errors,
)
SLOWNESS = Fault(
    name="slow",
    alert=REQUEST_LATENCY_HIGH,
    told="10 requests per second that make every batch take 0.8 s longer",
    expected="within 2 minutes",
    seconds=150,
    rate=10,
    make=_slow,
)
OVERLOAD = Fault(
    name="overload",
    alert=QUEUE_FULL,
    told=f"slow batches and 8 requests per second of {FLOOD_ROWS} rows each, more than the runner can take",
    expected="within 2 minutes; the service answers 503 to what its queue cannot hold",
    seconds=150,
    rate=8,
    make=_overload,
    in_flight=128,
)
BY_NAME = {fault.name: fault for fault in (ERRORS, SLOWNESS, OVERLOAD)}

KILL_SECONDS = 60.0
KILL_EXPECTED = "after about 30 s, and it resolves about 30 s after the service is back"


def kill_alert(replicas: int) -> Alert:
    """What to expect when one of so many replicas is killed."""
    return REPLICA_DOWN if replicas > 1 else SERVICE_DOWN
