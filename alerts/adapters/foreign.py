"""Metrics that other servers expose, declared as they are: names, labels, units and bounds of theirs, not of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from monitoring.catalogue import Metric

TARGET = ("service", "adapter")
"""What Prometheus writes on every series of such a server: whose it is, and which adapter reads it."""

SECONDS = {"seconds": 1.0, "milliseconds": 1e-3, "microseconds": 1e-6}
"""How long each unit of time is."""

DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""The bounds of a histogram of Prometheus's Python client that was given none."""

GO_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The same of its Go client."""

Unit = Literal["", "seconds", "milliseconds", "microseconds", "rows", "requests"]


@dataclass(frozen=True, slots=True)
class Foreign(Metric):
    """A metric whose name somebody else chose: counters without `_total` and names with colons are as they are."""

    def __post_init__(self) -> None:
        """Refuse only what would make our own queries wrong."""
        if (self.kind == "histogram") != bool(self.buckets) or list(self.buckets) != sorted(set(self.buckets)):
            raise ValueError(f"metric {self.name!r} is a {self.kind} with the buckets {self.buckets}")
        if len(set(self.labels)) != len(self.labels) or "le" in self.labels:
            raise ValueError(f"metric {self.name!r} has labels {self.labels}: no label twice, and never 'le'")


def counter(name: str, help: str, *labels: str, unit: Unit = "") -> Foreign:
    """A counter of another server."""
    return Foreign(name, "counter", help, "requests", unit, (*TARGET, *labels))


def gauge(name: str, help: str, *labels: str) -> Foreign:
    """A gauge of another server."""
    return Foreign(name, "gauge", help, "requests", "", (*TARGET, *labels))


def histogram(name: str, help: str, *labels: str, buckets: tuple[float, ...], unit: Unit) -> Foreign:
    """A histogram of another server, with its bounds in its own unit."""
    return Foreign(name, "histogram", help, "requests", unit, (*TARGET, *labels), buckets)


UP = gauge("up", "1 where the last scrape of a target worked, else 0. Written by Prometheus.")
