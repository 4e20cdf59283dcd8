"""An incident as data: what happens, which alerts are promised and when, and how it is caused in a real stack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from alerts import Alert
from alerts.windows import milliseconds
from monitoring.catalogue import Topic
from servewatch.replay import fleet, parts, watched
from servewatch.replay.pieces import IncidentInvalid, Lines
from servewatch.replay.world import Phase
from servewatch.stack.config import INTERVAL

ALLOWED_STEPS = 2
"""Evaluations by which an alert may come before or after what is promised."""


def seconds(duration: str) -> float:
    """The seconds of a duration such as 30s, 5m or 1d; 0s is one too."""
    return 0.0 if duration == "0s" else milliseconds(duration) / 1000


STEP = seconds(INTERVAL)
DRIFT_STEP = 300.0


@dataclass(frozen=True, slots=True)
class Promise:
    """When an alert comes: once its condition holds, and has held for as long as its declaration says."""

    alert: Alert
    reached: float
    """Seconds from the incident's begin until the condition holds."""

    why: str
    """The formula behind that, in words."""

    @property
    def at(self) -> float:
        """Seconds from the incident's begin until it fires."""
        return self.reached + seconds(self.alert.for_)


@dataclass(frozen=True)
class Incident:
    """What happens, written once."""

    name: str
    told: str
    phases: tuple[Phase, ...]
    promises: tuple[Promise, ...] = ()
    """Every alert that fires, those that Alertmanager keeps back for another among them; the rest stays silent."""

    step: float = STEP
    """Seconds between two evaluations."""
    scrape: float = 0.0
    """Seconds between two samples, where that is less often than evaluations."""
    models: bool = False
    """Whether it is about a watched model: those rules are evaluated each five minutes."""
    quiet: bool = False
    """Whether nothing is wrong in all of it."""
    live: str = ""
    """What `servewatch demo` is asked to do in a stack that runs."""

    def __post_init__(self) -> None:
        """Refuse what could not be replayed."""
        if len(self.phases) < 1 or self.step <= 0:
            raise IncidentInvalid(f"incident {self.name!r} has no phase, or no step between evaluations")

    @cached_property
    def begin(self) -> float:
        """When it begins: the first phase is the health before it, unless nothing is wrong at all."""
        return 0.0 if self.quiet else self.phases[0].seconds

    @cached_property
    def length(self) -> float:
        """How long all of it is."""
        return sum(phase.seconds for phase in self.phases)

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics whose rules are evaluated at its pace."""
        return ("drift", "quality") if self.models else ("requests", "batching", "models", "slo", "stack")

    @property
    def sampled(self) -> float:
        """Seconds between two samples of a series."""
        return self.scrape or (60.0 if self.models else self.step)

    def series(self) -> list[dict[str, str]]:
        """All its series, as promtool reads them."""
        lines = Lines(self.sampled)
        makers: Sequence[Callable[[Sequence[Phase], Lines], None]] = (
            (watched.series,) if self.models else (fleet.series, parts.series)
        )
        for make in makers:
            make(self.phases, lines)
        return lines.entries()
