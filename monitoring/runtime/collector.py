"""How long Python's garbage collector stops the process.

It may run at any allocation, also at one that a metric makes while it holds its lock: so what it calls here takes no
lock and touches no metric, but counts in lists of its own, which a scrape reads.
"""

from __future__ import annotations

import gc
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import Any

from prometheus_client.metrics_core import HistogramMetricFamily
from prometheus_client.registry import CollectorRegistry

from monitoring.catalogue import SERVICE_LABELS
from monitoring.catalogue.runtime import GC_PAUSE
from monitoring.metrics import Metrics

GENERATIONS = 3


class GarbageCollection:
    """Counts the collections of this process by generation and length; a prometheus_client collector."""

    def __init__(self, constant: Mapping[str, str], clock: Callable[[], float] = time.perf_counter) -> None:
        self._labels = [constant[name] for name in SERVICE_LABELS]
        self._clock = clock
        self._began = 0.0
        self._counts = [[0] * (len(GC_PAUSE.buckets) + 1) for _ in range(GENERATIONS)]
        self._seconds = [0.0] * GENERATIONS

    def note(self, phase: str, info: Mapping[str, Any]) -> None:
        """What gc.callbacks calls when a collection starts and stops."""
        if phase == "start":
            self._began = self._clock()
            return
        seconds = self._clock() - self._began
        generation = info["generation"]
        self._counts[generation][bisect_left(GC_PAUSE.buckets, seconds)] += 1
        self._seconds[generation] += seconds

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """The declaration, without samples."""
        return [HistogramMetricFamily(GC_PAUSE.name, GC_PAUSE.help, labels=GC_PAUSE.labels)]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """What was counted until now."""
        (family,) = self.describe()
        bounds = [*(str(float(bound)) for bound in GC_PAUSE.buckets), "+Inf"]
        for generation in range(GENERATIONS):
            rising = list(accumulate(self._counts[generation]))
            buckets = list(zip(bounds, rising, strict=True))
            family.add_metric([*self._labels, str(generation)], buckets, self._seconds[generation])
        yield family

    def end(self, registry: CollectorRegistry) -> None:
        """Count and show no more."""
        gc.callbacks.remove(self.note)
        registry.unregister(self)


def watch_garbage_collection(metrics: Metrics) -> Callable[[], None]:
    """Show the collector's pauses in these metrics, unless they do already; call what it gives to end that."""
    watched = GarbageCollection(metrics.constant)
    try:
        metrics.registry.register(watched)
    except ValueError:  # another service of this process shows them
        return lambda: None
    gc.callbacks.append(watched.note)
    return lambda: watched.end(metrics.registry)
