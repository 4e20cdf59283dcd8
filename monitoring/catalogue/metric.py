"""What a metric is, before anything counts it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]
Topic = Literal["requests", "batching", "models", "drift", "quality", "slo", "stack", "runtime", "own"]

Add = Literal["sum", "max", "min"]
"""How a gauge of several processes of one service becomes one: counters and histograms are always summed."""

SERVICE_LABELS = ("service", "version")

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as data: everything that a live object, a query, a panel or a docs table needs."""

    name: str
    kind: Kind
    help: str
    topic: Topic
    unit: str = ""
    labels: tuple[str, ...] = SERVICE_LABELS
    buckets: tuple[float, ...] = ()
    exemplars: bool = False
    add: Add = "sum"
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False, repr=False)
    """The values that a label has, where it has no others."""

    def __post_init__(self) -> None:
        """Refuse a declaration that Prometheus or a reader would misread."""
        if not _NAME.match(self.name):
            raise ValueError(f"metric name {self.name!r} has characters that Prometheus does not take")
        if (self.kind == "counter") != self.name.endswith("_total"):
            raise ValueError(f"metric {self.name!r} is a {self.kind}: counters, and only they, end in _total")
        if (self.kind == "histogram") != bool(self.buckets):
            raise ValueError(f"metric {self.name!r} is a {self.kind}: histograms, and only they, have buckets")
        if self.kind != "gauge" and self.add != "sum":
            raise ValueError(f"metric {self.name!r} is a {self.kind}, always summed, and has add={self.add!r}")
        if list(self.buckets) != sorted(set(self.buckets)):
            raise ValueError(f"metric {self.name!r} has buckets out of order: {self.buckets}")
        if len(set(self.labels)) != len(self.labels) or "le" in self.labels:
            raise ValueError(f"metric {self.name!r} has labels {self.labels}: no label twice, and never 'le'")
        if not self.values.keys() <= set(self.labels):
            raise ValueError(f"metric {self.name!r} has values of {sorted(self.values)}: its labels are {self.labels}")

    @property
    def series(self) -> dict[str, frozenset[str]]:
        """Each series name that this metric exposes, with the labels that it carries."""
        own = frozenset(self.labels)
        if self.kind != "histogram":
            return {self.name: own}
        return {
            f"{self.name}_bucket": own | {"le"},
            f"{self.name}_sum": own,
            f"{self.name}_count": own,
        }

    @property
    def bucket(self) -> str:
        """The series name of a histogram's buckets."""
        return self._part("bucket")

    @property
    def sum(self) -> str:
        """The series name of a histogram's sum."""
        return self._part("sum")

    @property
    def count(self) -> str:
        """The series name of a histogram's count."""
        return self._part("count")

    def _part(self, part: str) -> str:
        if self.kind != "histogram":
            raise ValueError(f"metric {self.name!r} is a {self.kind} and has no {part}: only histograms do")
        return f"{self.name}_{part}"
