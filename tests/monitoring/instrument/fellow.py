"""A process that counts in a folder that others share; a module of its own, since each of them imports it."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge

from monitoring.instrument.processes import Shared
from monitoring.merge import merge


def counting(folder: Path, orders: Connection) -> None:
    """A process that counts as it is told, and tells the sum over all when it is asked."""
    registry = CollectorRegistry()
    counter, gauge = Counter("orders", "o", registry=registry), Gauge("level", "l", registry=registry)
    shared = Shared(folder, registry)
    while True:
        if (told := orders.recv()) == "sum":
            orders.send(total(shared))
        else:
            counter.inc(told)
            gauge.set(told)
            shared.begin()
            orders.send(None)


def total(shared: Shared) -> dict[str, float]:
    samples = {s.name: s.value for family in merge(shared.pages()) for s in family.samples}
    return {name: samples[name] for name in ("orders_total", "level") if name in samples}
