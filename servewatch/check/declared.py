"""Every series name that a query may read, with its kind and its labels."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import Literal

import alerts
from alerts.promql import TARGET_LABELS
from monitoring import catalogue
from servewatch.check.forgotten import forgotten


@dataclass(frozen=True, slots=True)
class Series:
    """What is known of one series name. A part of a histogram counts as a counter."""

    kind: Literal["counter", "gauge"]
    labels: frozenset[str]
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """The series that may be read, and the alerts that may be named."""

    series: dict[str, Series]
    alerts: frozenset[str]
    forgotten: dict[str, str] = field(default_factory=dict)
    """Where to add what is declared, but not collected, by its name."""

    def like(self, name: str) -> str:
        """Name what is declared and looks alike, for somebody who mistyped."""
        close = difflib.get_close_matches(name, [*self.series, *self.alerts], n=1)
        return f"; perhaps {close[0]}" if close else ""


def declared() -> Declared:
    """Collect what the catalogue and the recordings declare."""
    series: dict[str, Series] = {}
    for metric in catalogue.ALL:
        kind: Literal["counter", "gauge"] = "gauge" if metric.kind == "gauge" else "counter"
        series |= {name: Series(kind, labels | TARGET_LABELS) for name, labels in metric.series.items()}
    for recording in alerts.RECORDINGS:
        series |= {name: Series("gauge", labels, True) for name, labels in recording.series.items()}
    return Declared(series, frozenset(alert.name for alert in alerts.ALERTS), forgotten())
