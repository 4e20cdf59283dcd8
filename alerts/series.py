"""A recorded series as data: its name, its labels, its meaning, before any formula fills it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from alerts.algebra import Vector, of
from alerts.promql import Match, QueryInvalid
from alerts.rules import Recording
from monitoring.catalogue import Topic


@dataclass(frozen=True, slots=True)
class Series:
    """A recorded series as data, before any formula fills it."""

    name: str
    by: tuple[str, ...]
    help: str

    @property
    def topic(self) -> Topic:
        """What its name begins with."""
        return next(topic for topic in get_args(Topic) if self.name.startswith(f"{topic}:"))

    @property
    def kind(self) -> str:
        """It is read like a gauge."""
        return "gauge"

    @property
    def series(self) -> dict[str, frozenset[str]]:
        """The one series name, with its labels."""
        return {self.name: frozenset(self.by)}

    def __call__(self, **matchers: str | Match) -> Vector:
        """Its values, in a formula."""
        return of(self, **matchers)

    def filled(self, formula: Vector, step: str, **labels: str) -> Recording:
        """The rule that fills it; `labels` are those that the rule adds."""
        if formula.labels | labels.keys() != set(self.by):
            raise QueryInvalid(f"{self.name} has the labels {self.by}, and its formula {sorted(formula.labels)}")
        return Recording(self.name, formula.expr, self.topic, self.help, step, labels)
