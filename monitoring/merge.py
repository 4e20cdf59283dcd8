"""Metrics of several processes as one page: what each has counted is sent as data, and added up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from types import MappingProxyType
from typing import NamedTuple

from prometheus_client.metrics_core import Metric as LiveFamily
from prometheus_client.registry import CollectorRegistry
from prometheus_client.samples import Exemplar as LiveExemplar

from monitoring.catalogue import BY_NAME
from monitoring.catalogue.metric import Add

Labels = tuple[tuple[str, str], ...]
LASTING = ("counter", "histogram", "summary")
"""What a process has counted stays true when it has ended; its gauges end with it."""

_MODES: dict[str, Add] = {"min": "min", "livemin": "min", "max": "max", "livemax": "max", "mostrecent": "max"}
"""How prometheus_client's gauges say it for themselves (`multiprocess_mode`); all others are summed."""

_BY_KIND: dict[str, Add] = {"info": "max", "stateset": "max"}


class Exemplar(NamedTuple):
    """One observation that stands for its bucket."""

    labels: Labels
    value: float
    timestamp: float


class Sample(NamedTuple):
    """One number."""

    name: str
    labels: Labels
    value: float
    exemplar: Exemplar | None = None


class Family(NamedTuple):
    """The samples of one metric, and how those of several processes make one."""

    name: str
    kind: str
    help: str
    unit: str
    add: Add
    samples: tuple[Sample, ...]


Snapshot = tuple[Family, ...]
"""All that one process exposes, as data that can be sent."""


def snapshot(registry: CollectorRegistry) -> Snapshot:
    """What the registry exposes now, custom collectors and the user's own metrics included."""
    return read(registry.collect(), _gauge_modes(registry))


def read(found: Iterable[LiveFamily], modes: Mapping[str, str] = MappingProxyType({})) -> Snapshot:
    """What a collector gives, as data; `modes` says of gauges how prometheus_client would add them up."""
    return tuple(_read(family, modes) for family in found)


def _gauge_modes(registry: CollectorRegistry) -> dict[str, str]:
    collectors = list(getattr(registry, "_collector_to_names", ()))
    return {
        collector._name: mode for collector in collectors if (mode := getattr(collector, "_multiprocess_mode", None))
    }


def _read(family: LiveFamily, modes: Mapping[str, str]) -> Family:
    samples = tuple(
        Sample(s.name, tuple(sorted(s.labels.items())), float(s.value), _exemplar(s.exemplar)) for s in family.samples
    )
    add = _how(family.name, family.type, modes.get(family.name, ""))
    return Family(family.name, family.type, family.documentation, family.unit, add, samples)


def _exemplar(found: LiveExemplar | None) -> Exemplar | None:
    if found is None:
        return None
    return Exemplar(tuple(sorted(found.labels.items())), found.value, float(found.timestamp or 0.0))


def _how(name: str, kind: str, mode: str) -> Add:
    if kind != "gauge":
        return _BY_KIND.get(kind, "sum")
    if name in BY_NAME:
        return BY_NAME[name].add
    return "max" if name.endswith("_info") else _MODES.get(mode, "sum")


def _add(family: Family, one: Sample, other: Sample) -> Sample:
    add: Add = "min" if one.name.endswith("_created") and family.kind in LASTING else family.add
    if any(name == "quantile" for name, _ in one.labels):
        add = "max"  # quantiles of several processes have no sum; the worst is the one to see
    value = one.value + other.value if add == "sum" else {"max": max, "min": min}[add](one.value, other.value)
    exemplars = [sample.exemplar for sample in (one, other) if sample.exemplar is not None]
    newest = max(exemplars, key=lambda exemplar: exemplar.timestamp, default=None)
    return Sample(one.name, one.labels, value, newest)


def merge(snapshots: Iterable[Snapshot]) -> Snapshot:
    """Several processes' metrics as one's. Where two mean different things by a name, the first has it."""
    families: dict[str, Family] = {}
    samples: dict[str, dict[tuple[str, Labels], Sample]] = {}
    for page in snapshots:
        for family in page:
            known = families.setdefault(family.name, family)
            if known.kind != family.kind:
                continue
            held = samples.setdefault(family.name, {})
            for sample in family.samples:
                key = (sample.name, sample.labels)
                held[key] = _add(known, held[key], sample) if key in held else sample
    return tuple(family._replace(samples=tuple(samples[name].values())) for name, family in families.items())


def lasting(page: Snapshot) -> Snapshot:
    """What stays true of a process that has ended."""
    return tuple(family for family in page if family.kind in LASTING)


def families(page: Snapshot) -> Iterator[LiveFamily]:
    """The snapshot in prometheus_client's terms."""
    for family in page:
        live = LiveFamily(family.name, family.help, family.kind, family.unit)
        for name, labels, value, exemplar in family.samples:
            shown = None
            if exemplar is not None:
                shown = LiveExemplar(dict(exemplar.labels), exemplar.value, exemplar.timestamp or None)
            live.add_sample(name, dict(labels), value, exemplar=shown)
        yield live


class Merged:
    """A prometheus_client collector: whatever the sources give when it is asked, added up."""

    def __init__(self, sources: Callable[[], Iterable[Snapshot]]) -> None:
        self._sources = sources

    def describe(self) -> Iterable[LiveFamily]:
        """Nothing is known before the processes are asked."""
        return []

    def collect(self) -> Iterable[LiveFamily]:
        """All processes' metrics as one's."""
        yield from families(merge(self._sources()))


@dataclass
class Ledger:
    """The last snapshot of each process that lives, and one total for all that ever ended.

    Nothing that was ever shown is taken back: a process that ends without a word is remembered as it was last seen.
    """

    _ended: Snapshot = ()
    _living: dict[int, Snapshot] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def begin(self, process: int) -> None:
        """A process was started, under a number that no other ever had."""
        with self._lock:
            self._living[process] = ()

    def note(self, process: int, page: Snapshot) -> None:
        """What a process has counted by now; of one that has ended nothing more is taken."""
        with self._lock:
            if process in self._living:
                self._living[process] = page

    def end(self, process: int) -> None:
        """A process has ended: what it counted goes into the total."""
        with self._lock:
            self._ended = merge([self._ended, lasting(self._living.pop(process, ()))])

    def pages(self) -> list[Snapshot]:
        """All that has to be added up: as many as processes live, and one."""
        with self._lock:
            return [self._ended, *self._living.values()]
