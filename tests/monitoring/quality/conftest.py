"""A model of three classes with a confidence of five bins, its ids on a clock of the test's own, and its feedback."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from monitoring import Metrics
from monitoring.quality import Feedback, Ids, Subject
from monitoring.reference import Feature, Reference

CONFIDENCE = Feature("confidence", "output", (0, 40, 60, 0, 0), edges=(0.0, 0.5, 1.0))
REFERENCE = Reference((CONFIDENCE,), accuracy=(0.5, 0.6, 0.9, 0.9, 0.5), classes=("cat", "dog", "owl"))
SUBJECT = Subject("pets", "7", REFERENCE)


@dataclass
class Kept:
    """One replica's ids and feedback, with a clock that the test turns."""

    subject: Subject = SUBJECT
    secret: bytes = b""
    now: float = 1_000_000.0
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.ids = Ids(self.subject, self.secret, clock=lambda: self.now)
        metrics = Metrics(self.registry, {"service": "s", "version": "1"})
        self.feedback = Feedback([self.ids], metrics, days=7, clock=lambda: self.now)

    def value(self, name: str, **labels: str) -> float | None:
        whole = {"service": "s", "version": "1", "model": self.subject.model, "model_version": self.subject.version}
        return self.registry.get_sample_value(f"servewatch_feedback_{name}_total", whole | labels)

    def binned(self, name: str) -> list[float | None]:
        """A counter's value in each bin of the confidence."""
        return [self.value(name, reference=self.subject.reference.hash, bin=at) for at in self.subject.bins]


@pytest.fixture
def kept() -> Kept:
    """One replica."""
    return Kept()


@pytest.fixture
def replica() -> type[Kept]:
    """Makes further replicas."""
    return Kept
