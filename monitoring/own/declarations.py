"""Where users declare metrics: each is kept with its panel and its alert, and shown wherever it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import prometheus_client as prom
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import REGISTRY, Collector, CollectorRegistry

from monitoring.catalogue import BY_NAME, SERVICE_LABELS, Metric
from monitoring.catalogue.declaration import Alert, Declaration, DeclarationInvalid, Panel, check_labels
from monitoring.catalogue.metric import Add
from monitoring.catalogue.own import LABEL_VALUES_DROPPED
from monitoring.own.live import Counter, Gauge, Histogram, Live

LIMIT = 100
"""Values that a label may have in one process, unless its metric says other."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MODES: dict[Add, str] = {"sum": "livesum", "max": "max", "min": "min"}

Labels = Sequence[str] | Mapping[str, Sequence[str]]
L = TypeVar("L", bound=Live[Any])


class Shown(Collector):
    """One metric in one registry, with the labels that are the same on all of its series."""

    def __init__(self, live: MetricWrapperBase, constant: Mapping[str, str], add: Add = "sum") -> None:
        self._live, self._constant = live, constant
        # By these names monitoring.merge, as prometheus_client, knows how gauges of several processes become one.
        self._name = live._name
        self._multiprocess_mode = _MODES[add] if isinstance(live, prom.Gauge) else None

    def describe(self) -> Iterable[Family]:
        """The name, so that a registry refuses to have it twice."""
        return self._live.describe()

    def collect(self) -> Iterator[Family]:
        """The samples of now."""
        for family in self._live.collect():
            shown = Family(family.name, family.documentation, family.type, family.unit)
            shown.samples = [s._replace(labels={**self._constant, **s.labels}) for s in family.samples]
            yield shown


class Declarations:
    """The metrics that were declared, by name. A process has one such set: `monitoring.own`; tests make their own."""

    def __init__(self, registry: CollectorRegistry | None = REGISTRY) -> None:
        self._first = registry
        self._live: dict[str, Live[Any]] = {}
        self._constant: WeakKeyDictionary[CollectorRegistry, dict[str, str]] = WeakKeyDictionary()
        name, help = LABEL_VALUES_DROPPED.name, LABEL_VALUES_DROPPED.help
        self._dropped = prom.Counter(name, help, ("metric", "label"), registry=None)

    @property
    def all(self) -> tuple[Declaration, ...]:
        """What was declared, in order."""
        return tuple(live.declaration for live in self._live.values())

    def counter(
        self,
        name: str,
        help: str,
        *,
        labels: Labels = (),
        limit: int = LIMIT,
        panel: Panel | None = Panel(),  # noqa: B008
        alert: Alert | None = None,
    ) -> Counter:
        """Declare what only goes up. Its name ends in _total; `labels` may say known values: {"kind": ("a", "b")}."""
        made = _declaration(name, "counter", help, labels, panel, alert)
        return self._keep(Counter, prom.Counter, made, limit)

    def gauge(
        self,
        name: str,
        help: str,
        *,
        labels: Labels = (),
        limit: int = LIMIT,
        add: Add = "sum",
        panel: Panel | None = Panel(),  # noqa: B008
        alert: Alert | None = None,
    ) -> Gauge:
        """Declare what goes up and down; `add` says how that of several processes is one: sum, max or min."""
        if add not in _MODES:
            raise DeclarationInvalid(f"metric {name!r} has add={add!r}: it is one of {', '.join(_MODES)}")
        made = _declaration(name, "gauge", help, labels, panel, alert, add=add)
        return self._keep(Gauge, prom.Gauge, made, limit)

    def histogram(
        self,
        name: str,
        help: str,
        *,
        labels: Labels = (),
        buckets: Sequence[float] = BUCKETS,
        limit: int = LIMIT,
        panel: Panel | None = Panel(),  # noqa: B008
        alert: Alert | None = None,
    ) -> Histogram:
        """Declare what is measured each time: its buckets are upper bounds, in the unit that its name ends in."""
        bounds = tuple(map(float, buckets))
        made = _declaration(name, "histogram", help, labels, panel, alert, buckets=bounds)
        return self._keep(Histogram, prom.Histogram, made, limit, buckets=bounds)

    def expose(self, registry: CollectorRegistry, constant: Mapping[str, str]) -> None:
        """Show all that is and will be declared in this registry too, with these labels on every series."""
        if registry in self._constant:
            self._constant[registry].update(constant)
            return
        self._constant[registry] = known = dict(constant)
        registry.register(Shown(self._dropped, known))
        for live in self._live.values():
            registry.register(Shown(live.parent, known, live.declaration.metric.add))

    def _keep(self, kind: type[L], parent: Any, made: Declaration, limit: int, **more: Any) -> L:
        name = made.metric.name
        if limit < 1:
            raise DeclarationInvalid(f"metric {name!r} has limit={limit}: a label has 1 value or more")
        if (there := self._live.get(name)) is not None:
            if there.declaration == made and there.limit == limit and isinstance(there, kind):
                return there
            raise DeclarationInvalid(f"metric {name!r} is declared twice: as {there.declaration} and as {made}")
        live = kind(
            made,
            parent(name, made.metric.help, made.labels, registry=None, **more),
            limit,
            lambda label: self._dropped.labels(name, label),
        )
        if self._first is not None:
            self.expose(self._first, {})
        for registry, constant in self._constant.items():
            registry.register(Shown(live.parent, constant, made.metric.add))
        self._live[name] = live
        return live


def _declaration(
    name: str, kind: Any, help: str, labels: Labels, panel: Panel | None, alert: Alert | None, **more: Any
) -> Declaration:
    if name in BY_NAME:
        raise DeclarationInvalid(f"metric {name!r} is there already: {BY_NAME[name].help} Choose another name")
    if not help.strip():
        raise DeclarationInvalid(f"metric {name!r} has no help: say what it counts, in a sentence")
    if isinstance(labels, str):
        raise DeclarationInvalid(f"metric {name!r} has labels={labels!r}: give a tuple, ({labels!r},)")
    check_labels(name, labels)
    if isinstance(labels, Mapping) and (texts := [label for label, known in labels.items() if isinstance(known, str)]):
        raise DeclarationInvalid(f"metric {name!r} has a text for the known values of {texts[0]!r}: give a tuple")
    metric = Metric(name, kind, help, "own", labels=(*SERVICE_LABELS, *labels), **more)
    known = {label: tuple(values) for label, values in labels.items()} if isinstance(labels, Mapping) else {}
    return Declaration(metric, panel, alert, known)
