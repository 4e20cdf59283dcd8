"""What is true of a service, of the model in it and of the stack around it, for a while: what incidents are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SERVICE, MODEL, VERSION, REFERENCE, RUNNER = "fashion", "mlp", "7", "abc", "mlp"
INSTANCES = ("a:9464", "b:9464")


@dataclass(frozen=True, slots=True)
class Replica:
    """One replica: one that comes up again has been started again."""

    up: bool = True
    version: str = VERSION
    """Of the model that it has loaded; empty where there is none."""
    alive: bool = False
    """Where it does not answer scrapes: whether it works on, so that it need not start again."""


@dataclass(frozen=True, slots=True)
class Service:
    """What comes to a service in a second, over all replicas that are up, and what becomes of it."""

    replicas: tuple[Replica, ...] = (Replica(), Replica())
    rate: float = 40.0
    errors: float = 0.0
    """Share answered with 500."""
    shed: float = 0.0
    """Share that the runner's full queue turned away, with 503."""
    left: float = 0.0
    """Share whose client went away, or was cut off, before the answer."""
    slow: float = 0.0
    """Share that takes nearly a second: the others take milliseconds."""
    queue: float = 1.0
    growth: float = 0.0
    """Requests by which the queue grows in a second."""
    batches: float = 10.0
    rows: float = 4.0
    """Mean rows in a batch."""
    full: float = 0.1
    """Share of the batches that go because they are full."""
    crashes: int = 0
    """How often the first replica's runner has ended when this begins, since what came before."""
    failed_loads: int = 0
    counted: bool = True
    """Whether its metrics have the names that rules ask for."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The stack around the service, and how it sees it."""

    alertmanager: bool = True
    gateway: bool = True
    unsent: float = 0.0
    """Alerts in a second that Alertmanager did not take."""
    told: float = 0.02
    undelivered: float = 0.0
    """Share of the notifications that failed after every attempt."""
    rule_failures: float = 0.0
    rules_missed: float = 0.0
    scrape_seconds: float = 0.02
    samples: float = 900.0
    watching: bool = True
    """Whether Prometheus runs: where it does not, no series has a sample."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What a model sees and answers in a second, as shares of the bins of its features, and what labels say of it."""

    rate: float = 2.0
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """The features that are not as they were in the reference."""
    dropped: float = 0.0
    """Share of the rows that could not be counted."""
    unknown: float = 0.0
    """Rows of a second model version, which has no reference."""
    labels: float = 0.05
    accuracy: float = 0.0
    """Share of the labels that confirm the prediction; 0 means as in the reference."""


@dataclass(frozen=True, slots=True)
class Phase:
    """All of it, for so many seconds."""

    seconds: float
    service: Service = Service()
    parts: Parts = Parts()
    watched: Watched = Watched()
