"""Batching: what waits for a runner, how long, in batches of which size, and what is shed."""

from __future__ import annotations

from alerts.promql import Expr, Match, mean, rate, select, total
from alerts.rules import Alert, Recording
from alerts.windows import LONG, SHORT, lasting, rounded, share
from monitoring.catalogue import batching

SHED = "shed"
"""The outcome of a request that a runner's full queue turned away."""

_BY = ("service", "runner")
_MINIMUM = 10
_LIMIT = 0.01


def _record(name: str, expr: Expr, help: str) -> Recording:
    return Recording(name, expr, "batching", help)


def _rates(window: str) -> Recording:
    return _record(
        f"serving:runner_requests:rate{window}",
        total((*_BY, "outcome"), rate(batching.REQUESTS, window)),
        f"Requests to a runner per second over {window}, by outcome.",
    )


def _shed(window: str) -> Recording:
    return _record(
        f"serving:shed:ratio_rate{window}",
        share(RATES[window], _BY, outcome=Match("=", SHED)),
        f"Share of a runner's requests over {window} that its full queue turned away; absent without traffic.",
    )


RATES = {window: _rates(window) for window in (SHORT, LONG)}
SHED_RATIO = {window: _shed(window) for window in (SHORT, LONG)}
QUEUE_REQUESTS = _record(
    "serving:queue_requests",
    total(("service",), select(batching.QUEUE_REQUESTS)),
    "Requests that wait for a runner.",
)
QUEUE_SECONDS = _record(
    "serving:queue_seconds:mean5m",
    mean(batching.QUEUE_SECONDS, LONG, ("service",)),
    "Mean wait for a runner over 5m; absent without traffic.",
)
BATCH_SIZE = _record(
    "serving:batch_size:mean5m",
    mean(batching.BATCH_SIZE, LONG, ("service",)),
    "Mean rows in a batch over 5m; absent without traffic.",
)

RECORDINGS = (*RATES.values(), *SHED_RATIO.values(), QUEUE_REQUESTS, QUEUE_SECONDS, BATCH_SIZE)

QUEUE_FULL = Alert(
    name="QueueFull",
    expr=rounded(lasting((SHED_RATIO[SHORT], SHED_RATIO[LONG]), (RATES[SHORT], RATES[LONG]), _LIMIT, _MINIMUM)),
    for_="30s",
    # It outlives the errors and the slowness that it causes, so that they stay silenced until they are over.
    keep_firing_for="30s",
    severity="page",
    topic="batching",
    summary="{{ $labels.service }}: {{ $value | humanizePercentage }} of requests turned away",
    description=(
        "Shed with 503 by the full queue of the runner {{ $labels.runner }}, of all requests to it in a minute; "
        f"{_LIMIT:.0%} is the limit."
    ),
    threshold=_LIMIT,
    minimum_requests=_MINIMUM,
)

ALERTS = (QUEUE_FULL,)
