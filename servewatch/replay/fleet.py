"""The series that a service's replicas expose while it goes through the phases of an incident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from alerts.batching import FULL, SHED
from alerts.requests import JOB
from alerts.stack import REFERENCE_JOB
from monitoring.catalogue import Metric, batching, models, requests, runtime, stack
from servewatch.replay.pieces import Line, Lines
from servewatch.replay.world import INSTANCES, MODEL, REFERENCE, RUNNER, SERVICE, Phase, Replica, Service

FAST, SLOW = 0.008, 0.9
"""Seconds that a request takes."""

_ENDPOINT = {"endpoint": "predict"}
_RUNNER = {"runner": RUNNER}


@dataclass(slots=True)
class _Past:
    """What the phases so far left of a replica."""

    target: dict[str, str]
    started: float = 0.0
    up: bool = True
    versions: set[str] = field(default_factory=set)


def series(phases: Iterable[Phase], lines: Lines) -> None:
    """Add the series of a service to the others."""
    past = [_Past({"job": JOB, "instance": instance, "service": SERVICE}) for instance in INSTANCES]
    now = 0.0
    for phase in phases:
        answering = sum(replica.up for replica in phase.service.replicas)
        for at, (replica, before) in enumerate(zip(phase.service.replicas, past, strict=True)):
            _targets(lines, phase, replica, before, now)
            _inside(lines, phase, replica, before, answering, first=at == 0)
            _model(lines, phase, replica, before, now)
            before.up = replica.up or replica.alive
        now += phase.seconds


def _targets(lines: Lines, phase: Phase, replica: Replica, past: _Past, now: float) -> None:
    """What Prometheus itself says of a scrape, which is there where nothing else is."""
    if replica.up and not past.up:
        past.started = now
        own = f'instance="{past.target["instance"]}"'
        for line in (line for name, line in lines.found.items() if own in name):
            line.value = 0.0
    reference = {"job": REFERENCE_JOB, "instance": past.target["instance"]}
    shown = (
        (stack.UP, past.target, float(replica.up)),
        (stack.UP, reference, float(replica.up)),
        (stack.SCRAPE_DURATION, past.target, phase.parts.scrape_seconds),
        (stack.SCRAPED_SAMPLES, past.target, phase.parts.samples * replica.up),
    )
    for metric, labels, value in shown:
        _show(lines.of(metric, labels), phase, value)


def _show(line: Line, phase: Phase, value: float, slope: float = 0.0) -> None:
    if phase.parts.watching:
        line.add(phase.seconds, value, slope)
    else:
        line.skip(phase.seconds, gone=False)


def _inside(lines: Lines, phase: Phase, replica: Replica, past: _Past, answering: int, first: bool) -> None:
    service, target = phase.service, past.target
    gauges = _gauges(service, past.started, answering)
    for (metric, more), (value, slope) in gauges.items():
        line = lines.of(metric, {**target, **dict(more)})
        if replica.up:
            _show(line, phase, value, slope)
        else:
            line.skip(phase.seconds)
    for name, labels, per_second, jump in _counters(service, answering, first):
        line = lines.of(name, {**target, **labels})
        if not replica.up or not service.counted:
            line.skip(phase.seconds)
        elif phase.parts.watching:
            line.count(phase.seconds, per_second, jump)
        else:
            line.value += per_second * phase.seconds + jump
            line.skip(phase.seconds, gone=False)


def _model(lines: Lines, phase: Phase, replica: Replica, past: _Past, now: float) -> None:
    known = {"model": MODEL, "framework": "pytorch", "reference": REFERENCE}
    past.versions.add(replica.version)
    for version in sorted(past.versions - {""}):
        line = lines.of(models.INFO, {**past.target, **known, "model_version": version}, now)
        if replica.up and version == replica.version:
            _show(line, phase, 1.0)
        else:
            line.skip(phase.seconds)


_Labels = tuple[tuple[str, str], ...]


def _gauges(service: Service, started: float, answering: int) -> dict[tuple[Metric, _Labels], tuple[float, float]]:
    share = 1 / max(1, answering)
    waiting = service.rate * share * (service.slow * SLOW + (1 - service.slow) * FAST)
    runner: _Labels = tuple(_RUNNER.items())
    return {
        (stack.START_TIME, ()): (started, 0.0),
        (requests.IN_PROGRESS, tuple(_ENDPOINT.items())): (waiting, 0.0),
        (batching.QUEUE_REQUESTS, runner): (service.queue * share, service.growth * share),
    }


def _counters(service: Service, answering: int, first: bool) -> Iterator[tuple[str, dict[str, str], float, float]]:
    """Each counter of a replica: its name, its labels, how much it grows in a second, and how much at once."""
    rate = service.rate / max(1, answering)
    failed = service.errors + service.shed + service.left
    codes = {"200": 1 - failed, "500": service.errors, "503": service.shed, "499": service.left}
    for code, share in codes.items():
        yield requests.TOTAL.name, {**_ENDPOINT, "code": code}, rate * share, 0.0
    slow = rate * service.slow
    seconds = {FAST: rate - slow, SLOW: slow}
    yield from _histogram(requests.DURATION, _ENDPOINT, seconds)
    yield batching.REQUESTS.name, {**_RUNNER, "outcome": "ok"}, rate * (1 - service.shed), 0.0
    yield batching.REQUESTS.name, {**_RUNNER, "outcome": SHED}, rate * service.shed, 0.0
    batches = service.batches / max(1, answering)
    yield from _histogram(batching.BATCH_SIZE, _RUNNER, {service.rows: batches})
    yield from _histogram(batching.QUEUE_SECONDS, _RUNNER, {0.002: rate})
    yield batching.DISPATCHES.name, {**_RUNNER, "reason": FULL}, batches * service.full, 0.0
    yield batching.DISPATCHES.name, {**_RUNNER, "reason": "idle"}, batches * (1 - service.full), 0.0
    yield runtime.PROCESS_RESTARTS.name, {"process": "runner"}, 0.0, service.crashes * first
    yield models.LOAD_FAILURES.name, {}, 0.0, service.failed_loads * first


def _histogram(
    metric: Metric, labels: dict[str, str], observed: dict[float, float]
) -> Iterator[tuple[str, dict[str, str], float, float]]:
    whole = sum(observed.values())
    for bound in metric.buckets:
        within = sum(rate for value, rate in observed.items() if value <= bound)
        yield metric.bucket, {**labels, "le": str(float(bound))}, within, 0.0
    yield metric.bucket, {**labels, "le": "+Inf"}, whole, 0.0
    yield metric.sum, labels, sum(value * rate for value, rate in observed.items()), 0.0
    yield metric.count, labels, whole, 0.0
