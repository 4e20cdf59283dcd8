"""What a user declares: a metric, how it is drawn, and what about it somebody has to know."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from monitoring.catalogue.metric import SERVICE_LABELS, Kind, Metric

PanelKind = Literal["timeseries", "stacked", "stat", "heatmap"]
Severity = Literal["page", "ticket"]

OF: dict[Kind, tuple[str, ...]] = {
    "counter": ("rate", "increase", "share"),
    "gauge": ("sum", "max", "min", "avg"),
    "histogram": ("p95", "p50", "p90", "p99", "mean", "rate"),
}
"""What can be asked of a metric of each kind; the first is what is asked where nothing is said."""

TAKEN = {*SERVICE_LABELS, "job", "instance", "le", "alertname", "alertstate", "severity"}
"""Labels that somebody else writes."""

_LABEL = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*\Z")
_ALERT = re.compile(r"[A-Z][A-Za-z0-9]+\Z")
_DURATION = re.compile(r"[1-9][0-9]*[smhd]\Z")
_SHORTEST = 60


class DeclarationInvalid(ValueError):
    """A user's metric, panel or alert is declared in a way that could not work."""


def check_labels(name: str, labels: Iterable[str]) -> None:
    """Refuse labels of a user's metric that are none, or that others write."""
    for label in labels:
        if not _LABEL.match(label) or label in TAKEN:
            raise DeclarationInvalid(
                f"metric {name!r} has the label {label!r}: a label is letters, digits and _, "
                f"and none of {', '.join(sorted(TAKEN))}, which others write"
            )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True, slots=True)
class Panel:
    """How a metric is drawn in the row "Own metrics" of the Service dashboard.

    `of` says what of it (a counter's rate, increase or share; a gauge's sum, max, min or avg over the replicas;
    a histogram's p50, p90, p95, p99, mean or rate), `by` which labels have a line each (all unless given), and
    `where` which values of labels count. `unit` is one of Grafana's, guessed from the metric's name unless given.
    """

    title: str = ""
    unit: str = ""
    kind: PanelKind = "timeseries"
    of: str = ""
    by: tuple[str, ...] | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """When somebody is told: what of the metric is `above` or `below` a number, for how long.

    `of`, `by` and `where` are as in a panel, but that `by` is no label unless given: the whole service. A counter's
    share is that of what matches `where`. Shares, means and percentiles speak where at least `minimum` were counted
    in the window. `runbook` is what to do, as text or as the address of a page.
    """

    name: str = ""
    above: float | None = None
    below: float | None = None
    for_: str = "1m"
    severity: Severity = "ticket"
    summary: str = ""
    runbook: str = ""
    of: str = ""
    by: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)
    window: str = "5m"
    minimum: int = 10

    @property
    def threshold(self) -> float:
        """The number that it compares with."""
        return float(self.above if self.above is not None else self.below or 0.0)

    @property
    def sign(self) -> Literal[">", "<"]:
        """How it compares."""
        return "<" if self.above is None else ">"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A metric of the user's with all that belongs to it."""

    metric: Metric
    panel: Panel | None = None
    alert: Alert | None = None
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values that a label is known to have: they are there at 0 from the start."""

    def __post_init__(self) -> None:
        """Refuse what Prometheus or a reader would misread."""
        name = self.metric.name
        if name.startswith("servewatch_"):
            raise DeclarationInvalid(f"metric {name!r}: names with servewatch_ are those of servewatch itself")
        check_labels(name, self.labels)
        if self.panel is not None:
            self._check("panel", self.panel.of, (*(self.panel.by or ()), *self.panel.where), self.panel.where)
            self._check_panel(self.panel)
        if self.alert is not None:
            self._check("alert", self.alert.of, (*self.alert.by, *self.alert.where), self.alert.where)
            self._check_alert(self.alert)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that the user fills in."""
        return self.metric.labels[len(SERVICE_LABELS) :]

    def of(self, part: Panel | Alert) -> str:
        """What of the metric is drawn or compared; a panel that does not say shows what the alert compares.

        But for a share: of what, the alert says, and the parts are what a panel shows.
        """
        default = self.alert.of if isinstance(part, Panel) and self.alert is not None else ""
        default = "" if default == "share" else default
        return part.of or default or (self.metric.add if self.metric.kind == "gauge" else OF[self.metric.kind][0])

    @property
    def alert_name(self) -> str:
        """The alert's name: the one given, or made of the metric's."""
        if self.alert is None or self.alert.name:
            return self.alert.name if self.alert else ""
        words = self.metric.name.removesuffix("_total").split("_")
        return "".join(word[:1].upper() + word[1:] for word in words) + ("High" if self.alert.sign == ">" else "Low")

    def _check(self, what: str, of: str, labels: tuple[str, ...], where: Mapping[str, str]) -> None:
        accepted = OF[self.metric.kind]
        if of and of not in accepted:
            raise self._wrong(what, f"of={of!r}", f"of a {self.metric.kind} it is one of {', '.join(accepted)}")
        if of == "share" and not where:
            raise self._wrong(what, "of='share' and no where=", "where={'label': 'value'} says the share of what")
        if of == "share" and set(labels[: len(labels) - len(where)]) & where.keys():
            raise self._wrong(what, "a share by the label of its where=", "such a share is 1: leave it out of by=")
        for label in labels:
            if label not in self.labels:
                has = f"its labels are {', '.join(self.labels)}" if self.labels else "it has no labels of its own"
                raise self._wrong(what, f"the label {label!r}", has)
        for label, value in where.items():
            known = self.known.get(label, (value,))
            if not isinstance(value, str) or value not in known:
                has = f"that label has {', '.join(known)}" if isinstance(value, str) else "a value is a text"
                raise self._wrong(what, f"where={{{label!r}: {value!r}}}", has)

    def _check_panel(self, panel: Panel) -> None:
        if panel.kind not in get_args(PanelKind):
            raise self._wrong("panel", f"kind={panel.kind!r}", f"it is one of {', '.join(get_args(PanelKind))}")
        if panel.kind == "heatmap" and self.metric.kind != "histogram":
            raise self._wrong("panel", "kind='heatmap'", f"only histograms have one, and this is a {self.metric.kind}")

    def _check_alert(self, alert: Alert) -> None:
        if (alert.above is None) == (alert.below is None):
            raise self._wrong("alert", f"above={alert.above} and below={alert.below}", "give one of them")
        for field_name, number in (("above", alert.above), ("below", alert.below), ("minimum", alert.minimum)):
            if number is not None and not _is_number(number):
                raise self._wrong("alert", f"{field_name}={number!r}", "it is a number, like 0.05 or 10")
        if not _ALERT.match(self.alert_name):
            raise self._wrong("alert", f"name={self.alert_name!r}", "a name is letters and digits, like OrdersFailed")
        if alert.severity not in get_args(Severity):
            raise self._wrong("alert", f"severity={alert.severity!r}", "it is page or ticket")
        for field_name, duration in (("for_", alert.for_), ("window", alert.window)):
            if not _DURATION.match(duration):
                raise self._wrong("alert", f"{field_name}={duration!r}", "a duration is like 30s, 5m, 1h, 1d")
        if alert.window.endswith("s") and int(alert.window[:-1]) < _SHORTEST:
            accepted = f"a rate needs four scrapes, of which there is one in 15s or less: {_SHORTEST}s at least"
            raise self._wrong("alert", f"window={alert.window!r}", accepted)

    def _wrong(self, what: str, given: str, accepted: str) -> DeclarationInvalid:
        return DeclarationInvalid(f"metric {self.metric.name!r}: its {what} has {given}: {accepted}")
