"""What an adapter is: which of another server's metrics fill which canonical recording, and what it does not tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from alerts import batching, requests
from alerts.adapters.fills import BY, Answers, Fill, Latency, Where, between, in_seconds
from alerts.adapters.foreign import UP
from alerts.promql import Expr, QueryInvalid, aggregate, bucket_rate, rate, select
from alerts.rules import HEADER, Recording, to_yaml
from alerts.windows import LONG, SHORT
from monitoring.catalogue import Metric

Signal = Literal["requests", "latency", "in_progress", "queue_requests", "queue_seconds", "batch_size"]
"""What dashboards, objectives and alerts ask of a server."""

SIGNALS: tuple[Signal, ...] = get_args(Signal)

GAP = "serving:not_provided"
"""The recording that says that a service's server does not tell a signal; its value is the server's number."""

_GAUGES: dict[Signal, Recording] = {
    "in_progress": requests.IN_PROGRESS,
    "queue_requests": batching.QUEUE_REQUESTS,
    "queue_seconds": batching.QUEUE_SECONDS,
    "batch_size": batching.BATCH_SIZE,
}


@dataclass(frozen=True, slots=True)
class Drop:
    """Series that are not kept: those whose label, or name, matches."""

    label: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Adapter:
    """A kind of server: its metrics, and what of ours they fill."""

    kind: str
    server: str
    number: int
    """What panels know it by; it stays the same."""

    port: int
    metrics: tuple[Metric, ...]
    path: str = "/metrics"
    requests: tuple[Answers, ...] = ()
    latency: Latency | None = None
    gauges: Mapping[Signal, Fill] = field(default_factory=dict)
    shown_by: Mapping[Signal, Metric] = field(default_factory=dict)
    """Signals that a server has only where it is set up so, and the metric by which that is seen."""

    own: tuple[Signal, ...] = ()
    """Signals that it tells by our own names: our own rules fill them, as they do for our own server."""

    known: Metric | None = None
    """What shows that a service is of this kind, where its own names do so and no target's label has to."""

    reference: bool = False
    """Whether what live traffic of a watched model is compared with is shown below the path of the metrics."""

    absent: str = ""
    """What a panel says in place of a number that it does not tell, where "Not provided by" and its name is not it."""

    drops: tuple[Drop, ...] = ()
    notes: tuple[str, ...] = ()
    """What somebody who reads its dashboards should know."""

    def __post_init__(self) -> None:
        """Refuse a signal that no recording of ours stands for."""
        for signal in self.gauges:
            if signal not in _GAUGES:
                raise QueryInvalid(f"adapter {self.kind!r} fills {signal!r}: it can be one of {', '.join(_GAUGES)}")

    @property
    def chosen(self) -> Where:
        """The matchers of its series: other servers may use the same names."""
        return {} if self.known else {"adapter": self.kind}

    @property
    def said(self) -> str:
        """What stands where a number would."""
        return self.absent or f"Not provided by {self.server}"

    @property
    def provided(self) -> frozenset[Signal]:
        """The signals that it fills, always or where the server is set up so."""
        found: set[Signal] = {*self.gauges, *self.own}
        found |= {"requests"} if self.requests else set()
        return frozenset(found | ({"latency"} if self.latency else set()))

    @property
    def gaps(self) -> tuple[Signal, ...]:
        """The signals that the server never tells."""
        return tuple(signal for signal in SIGNALS if signal not in self.provided)

    def recordings(self) -> tuple[Recording, ...]:
        """Everything that it records."""
        return (*self._requests(), *self._latency(), *self._gauges(), *self._gaps())

    def rules_file(self, source: str) -> str:
        """Render its rule file, as Prometheus loads it."""
        rules = [recording.rule() for recording in self.recordings()]
        group = {"name": f"servewatch-adapter-{self.kind}", "rules": rules}
        return f"{HEADER.format(source=source)}\n{to_yaml({'groups': [group]})}"

    def _requests(self) -> Iterator[Recording]:
        for window in (SHORT, LONG):
            for part in self.requests:
                labels = {"code": part.code} if part.code else {}
                yield self._fill(requests.RATES[window], part.rate(window, self.chosen), labels)

    def _latency(self) -> Iterator[Recording]:
        if self.latency is None:
            return
        for window in (SHORT, LONG):
            ours = requests.BUCKETS[window]
            yield self._fill(ours, in_seconds(self.latency, window, self.chosen), {})
            for bound, expr in between(self.latency, window, self.chosen):
                yield self._fill(ours, expr, {"le": bound})

    def _gauges(self) -> Iterator[Recording]:
        for signal, fill in self.gauges.items():
            yield self._fill(_GAUGES[signal], fill(self.chosen), {})

    def _gaps(self) -> Iterator[Recording]:
        known = aggregate("max", BY, select(self.known or UP, **self.chosen))
        for signal in SIGNALS:
            if signal in self.provided and signal not in self.shown_by:
                continue
            text = f"0 * {known} + {self.number}"
            if signal in self.shown_by:
                text += f"\nunless {self._there(self.shown_by[signal])}"
            labels = {"signal": signal, "server": self.server}
            yield Recording(GAP, Expr(text, BY), "requests", "Signals that a server does not tell.", labels=labels)

    def _there(self, metric: Metric) -> Expr:
        if metric.kind == "gauge":
            return aggregate("count", BY, select(metric, **self.chosen))
        if metric.kind == "counter":
            return aggregate("count", BY, rate(metric, LONG, **self.chosen))
        return aggregate("count", BY, bucket_rate(metric, LONG, BY, **self.chosen))

    def _fill(self, ours: Recording, expr: Expr, labels: Mapping[str, str]) -> Recording:
        made = Recording(ours.name, expr, "requests", ours.help, labels=labels)
        (name,) = ours.series
        if made.series[name] != ours.series[name]:
            has, wanted = (", ".join(sorted(one.series[name])) for one in (made, ours))
            raise QueryInvalid(f"adapter {self.kind!r} fills {name} with the labels {has}: it has {wanted}")
        return made
