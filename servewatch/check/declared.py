"""Every series name that a query may read, with its kind, its labels and its buckets."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import alerts
from alerts import adapters
from alerts.promql import TARGET_LABELS
from alerts.retired import RETIRED
from monitoring import catalogue
from monitoring.catalogue import Metric
from servewatch.check.forgotten import forgotten

OURS = "a metric of monitoring/catalogue or a recording of alerts/"


Values = Mapping[str, Sequence[str]]
"""What each of some labels has, and nothing else."""


@dataclass(frozen=True, slots=True)
class Series:
    """What is known of one series name. A part of a histogram counts as a counter."""

    kind: Literal["counter", "gauge"]
    labels: frozenset[str]
    recorded: bool = False
    bounds: frozenset[float] = frozenset()
    """The bounds of its buckets, where it has any."""

    values: Values = field(default_factory=dict)
    """The values of those labels that are declared to have no others."""


PREFIX = "servewatch_"
"""How the names of what every service of ours exposes begin, and no name of a user's."""


@dataclass(frozen=True, slots=True)
class Declared:
    """The series that may be read, and the alerts that may be named."""

    series: dict[str, Series]
    alerts: frozenset[str]
    forgotten: dict[str, str] = field(default_factory=dict)
    """Where to add what is declared, but not collected, by its name."""

    foreign: tuple[re.Pattern[str], ...] = ()
    """Names that others declare, and of which nothing is known but that they may be read."""

    where: str = OURS
    """What a name can be, for somebody who reads that this one is nothing."""

    served: Mapping[str, Values] = field(default_factory=dict)
    """The values of labels in what servewatch exposes of a service, by its name, where it is known."""

    def like(self, name: str) -> str:
        """Name what is declared and looks alike, for somebody who mistyped."""
        close = difflib.get_close_matches(name, [*self.series, *self.alerts], n=1)
        return f"; perhaps {close[0]}" if close else ""

    def elsewhere(self, name: str) -> bool:
        """Whether a name is somebody else's."""
        return any(pattern.fullmatch(name) for pattern in self.foreign)

    def values(self, name: str, service: str) -> dict[str, Sequence[str]]:
        """What the labels of a series can be, those that are known; of a service, or of any where none is named."""
        known = self.served.get(service, {}) if name.startswith(PREFIX) else {}
        return {**self.series[name].values, **known}

    def whatever_values(self) -> Declared:
        """The same, where labels may have any value."""
        series = {name: replace(known, values={}) for name, known in self.series.items()}
        return replace(self, series=series, served={})


def declared(own: Iterable[Metric] = (), foreign: Iterable[str] = (), where: str = OURS) -> Declared:
    """Collect what the catalogue and the recordings declare, and what a service declares of its own."""
    series: dict[str, Series] = {}
    for metric in (*catalogue.ALL, *adapters.METRICS, *own):
        series |= _of_metric(metric)
    for recording in alerts.RECORDINGS:
        for name, labels in recording.series.items():
            bounds = _bounds(str(recording.expr), series) if "le" in labels else frozenset()
            series[name] = Series("gauge", labels, True, bounds)
    for recording in (RETIRED, *adapters.GAPS):
        series |= {name: Series("gauge", labels, True) for name, labels in recording.series.items()}
    names = frozenset(alert.name for alert in alerts.ALERTS)
    return Declared(series, names, forgotten(), tuple(re.compile(pattern) for pattern in foreign), where)


def _of_metric(metric: Metric) -> dict[str, Series]:
    kind: Literal["counter", "gauge"] = "gauge" if metric.kind == "gauge" else "counter"
    bounds = frozenset(metric.buckets)
    return {
        name: Series(kind, labels | TARGET_LABELS, False, bounds if "le" in labels else frozenset(), metric.values)
        for name, labels in metric.series.items()
    }


def _bounds(text: str, series: dict[str, Series]) -> frozenset[float]:
    """The bounds of the buckets that a recording sums."""
    named = (series[name].bounds for name in re.findall(r"[a-zA-Z_:][\w:]*", text) if name in series)
    return next((bounds for bounds in named if bounds), frozenset())


def with_rules(known: Declared, documents: Iterable[Any], reads: Any) -> Declared:
    """Add what rule files record and name; `reads` answers which labels an expression has, None where unknown."""
    series, names = dict(known.series), set(known.alerts)
    for rule in (rule for document in documents for group in document["groups"] for rule in group.get("rules", [])):
        if "alert" in rule:
            names.add(str(rule["alert"]))
        elif str(rule.get("record")) not in known.series:
            labels = reads(str(rule.get("expr", "")), replace(known, series=series, forgotten={}))
            added = frozenset(rule.get("labels", {}))
            bounds = _bounds(str(rule.get("expr", "")), series)
            series[str(rule.get("record"))] = Series("gauge", (labels or frozenset()) | added, True, bounds)
    return replace(known, series=series, alerts=frozenset(names))
