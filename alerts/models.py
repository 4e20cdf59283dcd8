"""Models: whether they load, all replicas have the same, what runs them lives, and anybody asks."""

from __future__ import annotations

from alerts.promql import Expr, aggregate, increase, over_time, select, total
from alerts.requests import JOB, RATES
from alerts.rules import Alert
from alerts.values import decimals
from alerts.windows import LONG
from monitoring.catalogue import models, runtime, stack

_BY = ("service",)
_MODEL = ("service", "model")
_LATELY, _OFTEN, _SPAN = "10m", 2, "15m"
_BUSY = 100

MODEL_LOAD_FAILED = Alert(
    name="ModelLoadFailed",
    expr=Expr(f"{total(_BY, increase(models.LOAD_FAILURES, _LATELY))} > 0", _BY),
    for_="0s",
    severity="page",
    topic="models",
    summary="{{ $labels.service }}: a process could not start",
    description=f"In the last {_LATELY} a model did not load, or the service's own code raised as it started.",
    threshold=0,
)


def _without_model() -> Expr:
    answering = f"{select(stack.UP, job=JOB)} == 1\nunless on (job, instance) {select(models.INFO)}"
    known = aggregate("count", _BY, over_time("last", models.INFO, "1d"))
    return Expr(f"{aggregate('count', _BY, Expr(answering, _BY))}\nand on (service) {known}", _BY)


MODEL_MISSING = Alert(
    name="ModelMissing",
    expr=_without_model(),
    for_="5m",
    severity="ticket",
    topic="models",
    summary="{{ $labels.service }}: replicas without a model: {{ $value }}",
    description="They answered scrapes, and had loaded no model. Within a day some replica of the service had one.",
    threshold=0,
    value=decimals(0, limited=False),
)


def _often() -> Expr:
    inside = total(("service", "instance"), increase(runtime.PROCESS_RESTARTS, _SPAN))
    whole = over_time("changes", stack.START_TIME, _SPAN, job=JOB)
    rounded = f"round({aggregate('max', _BY, inside)})"  # an increase is stretched to its window: two may be 2.01
    return Expr(f"{rounded} > {_OFTEN}\nor {aggregate('max', _BY, whole)} > {_OFTEN}", _BY)


RUNNER_RESTARTING = Alert(
    name="RunnerRestarting",
    expr=_often(),
    for_="0s",
    severity="ticket",
    topic="models",
    summary="{{ $labels.service }}: restarted {{ $value }}",
    description=f"Within {_SPAN} the processes of one replica: its runners and workers, or the replica as a whole.",
    threshold=_OFTEN,
    value=decimals(0, "times"),
)


def _lacking() -> Expr:
    info = select(models.INFO)
    replicas = aggregate("count", _MODEL, aggregate("count", (*_MODEL, "instance"), info))
    each = aggregate("count", (*_MODEL, "model_version", "instance"), info)
    rarest = aggregate("min", _MODEL, aggregate("count", (*_MODEL, "model_version"), each))
    return Expr(f"{replicas}\n- {rarest}\n> 0", _MODEL)


VERSIONS_DIFFER = Alert(
    name="VersionsDiffer",
    expr=_lacking(),
    for_="15m",
    severity="ticket",
    topic="models",
    summary="{{ $labels.service }}: replicas had other versions of {{ $labels.model }}",
    description="Some had loaded a version that others had not: which answer a caller got was chance.",
    threshold=0,
)


def _quiet() -> Expr:
    arriving = total(_BY, select(RATES[LONG]))
    before = total(_BY, Expr(f"60 * sum_over_time({select(RATES[LONG])}[1h:1m] offset {_LATELY})", arriving.labels))
    lines = [f"{arriving} == 0", f"and on (service) {before} > {_BUSY}"]
    for ago in ("1d", "7d"):
        usual = total(_BY, Expr(f"max_over_time({select(RATES[LONG])}[{_LATELY}] offset {ago})", arriving.labels))
        lines.append(f"unless on (service) {usual} == 0")
    return Expr("\n".join(lines), _BY)


NO_TRAFFIC = Alert(
    name="NoTraffic",
    expr=_quiet(),
    for_="5m",
    severity="ticket",
    topic="models",
    summary="{{ $labels.service }}: nobody asked",
    description=(
        f"Not one request in {_LATELY}, after more than {_BUSY} in the hour before. "
        "A day and a week before there was traffic at this time, as far as that is known."
    ),
    threshold=0,
    minimum_requests=_BUSY,
)

ALERTS = (MODEL_LOAD_FAILED, MODEL_MISSING, RUNNER_RESTARTING, VERSIONS_DIFFER, NO_TRAFFIC)
