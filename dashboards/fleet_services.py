"""The Fleet dashboard's lines: one for each service, with a number for everything that could be wrong with it."""

from __future__ import annotations

from alerts import requests, slo
from alerts.algebra import Vector, by
from alerts.drift import WINDOWS
from alerts.drift.series import SCORE
from alerts.promql import Expr, aggregate, rate, select, total
from alerts.requests import ERRORS, P95_SHORT, RATES, REQUEST_ERRORS_HIGH, REQUEST_LATENCY_HIGH
from alerts.windows import SHORT
from dashboards import leads, panels, style, values
from dashboards.chosen import RANGE, SERVICE
from dashboards.panels import Modern, query
from dashboards.quality import UID as QUALITY
from dashboards.quality import against_the_limit, now
from dashboards.service import UID as SERVICE_BOARD
from dashboards.values import Column
from monitoring.catalogue import models, stack

TOO_FEW = "Too few rows"

_MODEL = ("service", "version", "model", "model_version")
_BY = ("service",)


def table() -> Modern:
    """Every service, with a column for each question."""
    errors, slow = style.steps(REQUEST_ERRORS_HIGH.threshold), style.steps(REQUEST_LATENCY_HIGH.threshold)
    columns = [
        Column("Replicas", select(requests.UP, **SERVICE), "none", 0, tuple(style.FROM_ONE)),
        Column("Known", select(requests.REPLICAS, **SERVICE), "none", 0),
        Column("Requests", total(_BY, select(RATES[SHORT], **SERVICE)), "reqps", 1),
        Column("Errors", select(ERRORS[SHORT], **SERVICE), "percentunit", 2, tuple(errors)),
        Column("p95", select(P95_SHORT, **SERVICE), "s", 1, tuple(slow)),
        Column("In flight", select(requests.IN_PROGRESS, **SERVICE), "none", 0),
        Column("Budget left", _budget(), "percentunit", 1, tuple(style.BUDGET), full=1),
        Column("Worst drift", _drift(_BY).expr, "percentunit", 0, tuple(style.DRIFT)),
    ]
    return values.numbers(
        "Services",
        "One line for each service, over the last minute; red where its alert begins. A dash is nothing known: no "
        "traffic, no objective measured, too few rows. Budget is of 30 days and of the objective with least left; "
        "drift is the largest score as a share of its limit. A name leads to the service's dashboard.",
        {"service": "Service"},
        columns,
        "No service is scraped",
        cells=[
            values.linked("Service", leads.board(SERVICE_BOARD, service=leads.CLICKED), "Look closer"),
            values.linked("Worst drift", leads.board(QUALITY, service='${__data.fields["Service"]}'), "Drift"),
        ],
    )


def _budget() -> Expr:
    return aggregate("min", _BY, select(slo.LEFT, **SERVICE))


def _drift(labels: tuple[str, ...]) -> Vector:
    """The largest score of each, as a share of the one at which an alert fires."""
    return by("max", labels, against_the_limit(now(SCORE, **SERVICE)))


def drifted(leading: str) -> Modern:
    """How many models have a feature whose score is above its limit."""
    models_ = _drift(("service", "model"))
    counted = by("count", (), models_ > 1) | by("count", (), models_) * 0
    return panels.stat(
        "Models drifting",
        "Models with a feature whose score is above its limit (drift:score). From 1 on: the Quality dashboard says "
        f"which, and DataDrift in the runbook what to do. '{TOO_FEW}': no score can be given yet, which takes some "
        f"rows in each step of {WINDOWS.step}.",
        counted.expr,
        "none",
        absent=TOO_FEW,
        thresholds=[{"color": style.OK, "value": None}, {"color": style.WARNING, "value": 1}],
        leads=leading,
    )


def versions() -> Modern:
    """What runs where."""
    labels = dict(zip(_MODEL, ("Service", "Version", "Model", "Model version"), strict=True))
    age = Expr(f"time() - {aggregate('max', _MODEL, select(models.SAVED, **SERVICE))}", _MODEL)
    columns = [
        Column("Replicas", aggregate("count", _MODEL, select(models.INFO, **SERVICE)), "none", 0),
        Column("Age", age, "dtdurations", 0),
    ]
    return values.numbers(
        "What runs",
        "The models that each service has loaded, how many replicas have, and how long ago each was stored "
        "(servewatch_model_info). Two lines for one model: a rollout is under way, or was left half done.",
        labels,
        columns,
        "No model is known",
        cells=[values.linked("Service", leads.board(SERVICE_BOARD, service=leads.CLICKED), "Look closer")],
    )


def resources() -> list[Modern]:
    """What the services use."""
    cpu = total(_BY, rate(stack.CPU, RANGE, **SERVICE))
    memory = total(_BY, select(stack.MEMORY, **SERVICE))
    return [
        panels.timeseries(
            "CPU by service",
            f"Cores in use, all replicas together ({stack.CPU.name}): 100% is one core. High with few requests: look "
            "at the service's Where time goes.",
            [query(cpu, "{{service}}")],
            "percentunit",
            absent="Not scraped",
        ),
        panels.timeseries(
            "Memory by service",
            f"Resident memory, all replicas together ({stack.MEMORY.name}). Climbing for ever: a leak; restart the "
            "replicas one by one and look at what was deployed last.",
            [query(memory, "{{service}}")],
            "bytes",
            absent="Not scraped",
        ),
    ]
