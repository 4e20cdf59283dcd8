"""Batching: what waits for a runner, how long, in batches of which size, and what is shed."""

from __future__ import annotations

from alerts.promql import Expr, Match, increase, mean, over_time, rate, ratio, select, total
from alerts.rules import Alert, Recording
from alerts.values import decimals, percent
from alerts.windows import LONG, SHORT, lasting, rounded, share
from monitoring.catalogue import batching

SHED = "shed"
"""The outcome of a request that a runner's full queue turned away."""

FULL = "full"
"""Why a batch goes that can take no row more."""

_BY = ("service", "runner")
_MINIMUM = 10
_LIMIT = 0.01
_GROWTH, _BEFORE = 50, "4m"
_SMALL, _WAITING, _BATCHES = 1.5, 4, 100
_ALL_FULL = 0.9


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

_DISPATCHED = total(_BY, increase(batching.DISPATCHES, LONG))

QUEUE_FULL = Alert(
    name="QueueFull",
    expr=rounded(lasting((SHED_RATIO[SHORT], SHED_RATIO[LONG]), (RATES[SHORT], RATES[LONG]), _LIMIT, _MINIMUM)),
    for_="30s",
    # It outlives the errors and the slowness that it causes, so that they stay silenced until they are over.
    keep_firing_for="30s",
    severity="page",
    topic="batching",
    summary="{{ $labels.service }}: {{ $value }} of requests turned away",
    description=(
        "Shed with 503 by the full queue of the runner {{ $labels.runner }}, of all requests to it in a minute; "
        f"{_LIMIT:.0%} is the limit."
    ),
    threshold=_LIMIT,
    value=percent(),
    minimum_requests=_MINIMUM,
)

QUEUE_GROWING = Alert(
    name="QueueGrowing",
    expr=Expr(
        f"{over_time('min', QUEUE_REQUESTS, SHORT)}\n"
        f"- max_over_time({select(QUEUE_REQUESTS)}[{SHORT}] offset {_BEFORE})\n"
        f"> {_GROWTH}",
        ("service",),
    ),
    for_="1m",
    severity="ticket",
    topic="batching",
    summary="{{ $labels.service }}: {{ $value }} more waited",
    description=(
        f"The fewest that waited in a minute were more than the most of {_BEFORE} before, by over {_GROWTH}: "
        "more came than the runners could take."
    ),
    threshold=_GROWTH,
    value=decimals(0, "requests"),
)


def _loaded() -> str:
    """Where load ought to fill batches: requests wait, and enough batches go."""
    waiting = total(_BY, over_time("avg", batching.QUEUE_REQUESTS, LONG))
    return f"and {waiting} > {_WAITING}\nand {_DISPATCHED} >= {_BATCHES}"


BATCHES_SMALL = Alert(
    name="BatchesSmall",
    expr=Expr(f"{mean(batching.BATCH_SIZE, LONG, _BY)} < {_SMALL:g}\n{_loaded()}", _BY),
    for_="5m",
    severity="ticket",
    topic="batching",
    summary="{{ $labels.service }}: batches of {{ $value }} while requests waited",
    description=(
        f"Mean of the runner {{{{ $labels.runner }}}} over {LONG}, with more than {_WAITING} requests in its queue. "
        "Each request cost a call of its own into the model."
    ),
    threshold=_SMALL,
    value=decimals(1, "rows"),
    minimum_requests=_BATCHES,
)

BATCHES_FULL = Alert(
    name="BatchesFull",
    expr=Expr(
        f"{ratio(total(_BY, increase(batching.DISPATCHES, LONG, reason=FULL)), _DISPATCHED)} > {_ALL_FULL:g}\n"
        f"and {mean(batching.BATCH_SIZE, LONG, _BY)} >= {_SMALL:g}\n{_loaded()}",
        _BY,
    ),
    for_="5m",
    severity="ticket",
    topic="batching",
    summary="{{ $labels.service }}: {{ $value }} of batches were full",
    description=(
        f"Of the runner {{{{ $labels.runner }}}} over {LONG}, with more than {_WAITING} requests in its queue: "
        "its limit of rows kept batches from growing."
    ),
    threshold=_ALL_FULL,
    value=percent(),
    minimum_requests=_BATCHES,
)

ALERTS = (QUEUE_FULL, QUEUE_GROWING, BATCHES_SMALL, BATCHES_FULL)
