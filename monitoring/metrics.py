"""Live metrics: a declaration bound to a registry, with its constant labels filled in once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar
from weakref import WeakKeyDictionary

import prometheus_client as prom
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.registry import CollectorRegistry

from monitoring.catalogue import Metric


class Incrementer(Protocol):
    """What counts up: a counter or a bound child of one."""

    def inc(self, amount: float = 1) -> None: ...


class Level(Protocol):
    """What goes up and down: a gauge or a bound child of one."""

    def inc(self, amount: float = 1) -> None: ...
    def dec(self, amount: float = 1) -> None: ...
    def set(self, value: float) -> None: ...


class Observer(Protocol):
    """What takes observations: a histogram, a summary or a bound child of one."""

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None: ...


class Histogram(prom.Histogram):
    """prometheus_client's, but that it finds the bucket in one step, and takes many observations at once."""

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        """Observe the given amount."""
        if exemplar or amount != amount or not self._is_observable():  # type: ignore[no-untyped-call]
            super().observe(amount, exemplar)
            return
        self._sum.inc(amount)
        self._buckets[bisect_left(self._upper_bounds, amount)].inc(1)

    def observe_all(self, amounts: Sequence[float]) -> None:
        """Observe each of these; a bucket and the sum are written once."""
        found: dict[int, int] = {}
        for amount in amounts:
            place = bisect_left(self._upper_bounds, amount)
            found[place] = found.get(place, 0) + 1
        for place, count in found.items():
            self._buckets[place].inc(count)
        self._sum.inc(sum(amounts))


_Live = TypeVar("_Live", bound=MetricWrapperBase)


_LIVE: WeakKeyDictionary[CollectorRegistry, dict[str, tuple[Metric, MetricWrapperBase]]] = WeakKeyDictionary()


def register(metric: Metric, registry: CollectorRegistry) -> MetricWrapperBase:
    """Make a declaration's live object in a registry, once: asked again, it gives the same one."""
    live = _LIVE.setdefault(registry, {})
    if metric.name in live:
        declared, known = live[metric.name]
        if declared != metric:
            raise ValueError(f"metric {metric.name!r} is declared twice: as {declared} and as {metric}")
        return known
    made = _make(metric, registry)
    live[metric.name] = (metric, made)
    return made


def _make(metric: Metric, registry: CollectorRegistry) -> MetricWrapperBase:
    if metric.kind == "counter":
        return prom.Counter(metric.name, metric.help, metric.labels, registry=registry)
    if metric.kind == "gauge":
        return prom.Gauge(metric.name, metric.help, metric.labels, registry=registry)
    return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets)


@dataclass(frozen=True)
class Metrics:
    """The metrics of one service: every child that it hands out carries these constant labels.

    Children are made (and so exposed, at 0) when they are asked for: ask for all that can be known at
    start, keep them, and count on them without a look-up.
    """

    registry: CollectorRegistry
    constant: Mapping[str, str]

    def counter(self, metric: Metric, **labels: str) -> prom.Counter:
        """A counter's child for these labels, at 0 if it is new."""
        return self._child(prom.Counter, metric, labels)

    def gauge(self, metric: Metric, **labels: str) -> prom.Gauge:
        """A gauge's child for these labels, at 0 if it is new."""
        return self._child(prom.Gauge, metric, labels)

    def histogram(self, metric: Metric, **labels: str) -> Histogram:
        """A histogram's child for these labels, empty if it is new."""
        return self._child(Histogram, metric, labels)

    def _child(self, kind: type[_Live], metric: Metric, labels: dict[str, str]) -> _Live:
        live = register(metric, self.registry)
        if not isinstance(live, kind):
            raise TypeError(f"metric {metric.name!r} is a {metric.kind}, not a {kind.__name__.lower()}")
        values = {**{k: v for k, v in self.constant.items() if k in metric.labels}, **labels}
        if set(values) != set(metric.labels):
            raise ValueError(f"metric {metric.name!r} takes the labels {sorted(metric.labels)}, got {sorted(values)}")
        return live.labels(**values) if values else live
