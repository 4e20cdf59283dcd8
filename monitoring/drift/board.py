"""All that is watched beside one registry, and how it comes onto its page: as text, not as two thousand objects."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric as LiveFamily
from prometheus_client.registry import CollectorRegistry

from monitoring.beside import Section, beside, hang
from monitoring.catalogue import Metric, drift, quality
from monitoring.drift.counts import Counts
from monitoring.drift.watched import Labels, Watched, lines, template

GAUGES = (
    drift.REFERENCE_RATIO,
    drift.REFERENCE_SCORE,
    drift.REFERENCE_GAP,
    drift.REFERENCE_ROWS,
    quality.CONFIDENCE_ACCURACY,
)


@dataclass(frozen=True)
class _Held:
    watched: Watched
    counts: Counts
    template: str
    labels: tuple[Labels, ...]


class Board:
    """What is watched, and the counts of it.

    Our pages show its text. A page that is made of the registry alone, such as prometheus_client's own, gets the
    same series as objects, and the references' gauges too, as it has no second path for them.
    """

    def __init__(self, make: Callable[[Watched], Counts] = lambda watched: Counts.private(watched.width)) -> None:
        self._make = make
        self._held: dict[tuple[str, ...], _Held] = {}
        self._reference: list[Section] = []
        self._lock = threading.Lock()
        self._aside = threading.local()

    def add(self, watched: Watched, make: Callable[[Watched], Counts] | None = None) -> Counts:
        """Show it from here on, at 0; who adds the same again shares its counts. `make` is for memory of its own."""
        with self._lock:
            if watched.key not in self._held:
                labels = tuple(watched.counters())
                held = _Held(watched, (make or self._make)(watched), template(labels), labels)
                self._held = {**self._held, watched.key: held}
                self._reference = lines(s for each in self._held.values() for s in each.watched.gauges())
            return self._held[watched.key].counts

    def sections(self) -> list[Section]:
        """The counters, as text."""
        text = "".join(held.template % tuple(held.counts.total().tolist()) for held in self._held.values())
        return [(drift.OBSERVATIONS, text)] if text else []

    def reference(self) -> list[Section]:
        """The references' gauges, as text."""
        return self._reference

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While this thread makes a page that has the text, the registry is to leave the objects out."""
        self._aside.active = True
        try:
            yield
        finally:
            self._aside.active = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this thread reads what its process counted, the registry leaves out what several count together."""
        self._aside.alone = True
        try:
            yield
        finally:
            self._aside.alone = False

    def together(self) -> Iterable[LiveFamily]:
        """What several processes count together, as objects: each of them shows the whole."""
        return _families(held for held in self._held.values() if held.counts.together)

    def describe(self) -> Iterable[LiveFamily]:
        """The metrics that a registry must know to be taken."""
        return [_family(metric) for metric in (drift.OBSERVATIONS, *GAUGES)]

    def collect(self) -> Iterable[LiveFamily]:
        """The same series as objects."""
        if getattr(self._aside, "active", False):
            return []
        alone = getattr(self._aside, "alone", False)
        return _families(held for held in self._held.values() if not (alone and held.counts.together))


def _families(shown: Iterable[_Held]) -> Iterable[LiveFamily]:
    families = {metric.name: _family(metric) for metric in (drift.OBSERVATIONS, *GAUGES)}
    for held in shown:
        for labels, count in zip(held.labels, held.counts.total().tolist(), strict=True):
            families[drift.OBSERVATIONS.name].add_sample(drift.OBSERVATIONS.name, labels, count)
        for metric, labels, value in held.watched.gauges():
            families[metric.name].add_sample(metric.name, labels, value)
    return [family for family in families.values() if family.samples]


def _family(metric: Metric) -> LiveFamily:
    return LiveFamily(metric.name.removesuffix("_total"), metric.help, metric.kind)


_LOCK = threading.Lock()


def board(registry: CollectorRegistry) -> Board:
    """The board beside this registry, made when it is first asked for."""
    with _LOCK:
        found = beside(registry)
        if not isinstance(found, Board):
            hang(found := Board(), registry)
        return found
