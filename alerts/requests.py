"""Requests: how many came, how many failed, how long they took, and whether anybody answers."""

from __future__ import annotations

from alerts.promql import Expr, aggregate, bucket_rate, like, over_time, quantile, rate, select, total
from alerts.retired import but
from alerts.rules import Alert, Recording
from alerts.values import decimals, percent
from alerts.windows import LONG, SHORT, lasting, rounded, share
from monitoring.catalogue import requests, stack

JOB = "serving"
"""The Prometheus job that scrapes services."""

SLO_WINDOWS = ("30m", "1h", "2h", "6h", "1d", "3d")

_BY = ("service",)
_MEMORY, _STEADY, _GONE = "10m", "2m", "1h"
_FRESH = 90
_MINIMUM = 10
_ERRORS_LIMIT, _LATENCY_LIMIT = 0.05, 0.5
_SCRAPED = select(stack.UP, job=JOB)
UP_LATELY = Expr(f"({_SCRAPED} and timestamp({_SCRAPED}) > time() - {_FRESH})", _SCRAPED.labels)
"""What the scrapes of a minute and a half said of each replica.

Where Prometheus itself was restarted nothing marks the end of a replica that went meanwhile: it would count for 5m,
beside those that are there. Where none is fresh, it is Prometheus that scrapes nothing.
"""


def _record(name: str, expr: Expr, help: str, interval: str = "") -> Recording:
    return Recording(name, expr, "requests", help, interval)


def _rates(window: str) -> Recording:
    return _record(
        f"serving:requests:rate{window}",
        total(("service", "code"), rate(requests.TOTAL, window)),
        f"Requests per second over {window}, by code.",
    )


def _errors(window: str) -> Recording:
    return _record(
        f"serving:errors:ratio_rate{window}",
        share(RATES[window], _BY, code=like("5..")),
        f"Share of requests over {window} that were answered with 5xx: 0 without errors, absent without traffic.",
    )


def _errors_long(window: str) -> Recording:
    return _record(
        f"serving:errors:ratio_rate{window}",
        share(RATES[LONG], _BY, window, code=like("5..")),
        f"Share of requests over {window} that were answered with 5xx, for objectives.",
        "30s",
    )


def _buckets(window: str) -> Recording:
    return _record(
        f"serving:request_duration_seconds_bucket:rate{window}",
        bucket_rate(requests.DURATION, window, _BY),
        f"Requests per second over {window} that took at most `le` seconds.",
    )


def _latency(percent: int, window: str) -> Recording:
    return _record(
        f"serving:request_duration_seconds:p{percent}_{window}",
        quantile(percent / 100, select(BUCKETS[window])),
        f"Time within which {percent} % of the requests of {window} were answered; absent without traffic.",
    )


RATES = {window: _rates(window) for window in (SHORT, LONG)}
ERRORS = {window: _errors(window) for window in (SHORT, LONG)} | {w: _errors_long(w) for w in SLO_WINDOWS}
BUCKETS = {window: _buckets(window) for window in (SHORT, LONG)}
P95_SHORT = _latency(95, SHORT)
LATENCY = {percent: _latency(percent, LONG) for percent in (50, 95, 99)}

IN_PROGRESS = _record(
    "serving:requests_in_progress",
    total(_BY, select(requests.IN_PROGRESS)),
    "Requests that are being worked on.",
)
_KNOWN = aggregate("max", _BY, over_time("max", stack.UP, _GONE, job=JOB))
UP = _record(
    "serving:up",
    but(Expr(f"{total(_BY, UP_LATELY)}\nor {total(_BY, _SCRAPED)}\nor 0 * {_KNOWN}", _BY)),
    f"Replicas that answer scrapes; 0 for {_GONE} after the last one vanished.",
)


STEADY = Expr(f"max_over_time({over_time('min', UP, _STEADY)}[{_MEMORY}:30s])", _BY)
"""The most replicas that answered for a while."""


def _expected() -> Expr:
    return Expr(f"{aggregate('count', _BY, UP_LATELY)} >= {STEADY}\nor {STEADY}", _BY)


REPLICAS = _record(
    "serving:replicas",
    _expected(),
    f"Replicas that should answer: those discovered, or the most that answered for {_STEADY} in the last {_MEMORY}: "
    "one more while others are replaced is not missed afterwards.",
)

RECORDINGS = (
    *RATES.values(),
    *ERRORS.values(),
    *BUCKETS.values(),
    P95_SHORT,
    *LATENCY.values(),
    IN_PROGRESS,
    UP,
    REPLICAS,
)

SERVICE_DOWN = Alert(
    name="ServiceDown",
    expr=Expr(f"{select(UP)} == 0", _BY),
    for_="20s",
    severity="page",
    topic="requests",
    summary="{{ $labels.service }}: no replica answered",
    description=(
        "Prometheus got no answer from any replica. Requests to such a service all fail, unless it is Prometheus that "
        "is cut off."
    ),
    threshold=0,
)

REPLICA_DOWN = Alert(
    name="ReplicaDown",
    expr=Expr(f"{select(REPLICAS)} - {select(UP)} > 0\nand {select(UP)} > 0", _BY),
    for_="20s",
    severity="ticket",
    topic="requests",
    summary="{{ $labels.service }}: replicas that did not answer: {{ $value }}",
    description=(
        f"Those that Prometheus knows, or that answered for {_STEADY} in the last {_MEMORY}. The others answered: such "
        "a service has less room for load."
    ),
    threshold=0,
    value=decimals(0, limited=False),
)

REQUEST_ERRORS_HIGH = Alert(
    name="RequestErrorsHigh",
    expr=rounded(lasting((ERRORS[SHORT], ERRORS[LONG]), (RATES[SHORT], RATES[LONG]), _ERRORS_LIMIT, _MINIMUM)),
    for_="1m",
    severity="page",
    topic="requests",
    summary="{{ $labels.service }}: {{ $value }} of requests failed",
    description=f"Answers with a 5xx code, of all requests of a minute; {_ERRORS_LIMIT:.0%} is the limit.",
    threshold=_ERRORS_LIMIT,
    value=percent(),
    minimum_requests=_MINIMUM,
)

REQUEST_LATENCY_HIGH = Alert(
    name="RequestLatencyHigh",
    expr=lasting((P95_SHORT, LATENCY[95]), (RATES[SHORT], RATES[LONG]), _LATENCY_LIMIT, _MINIMUM),
    for_="1m",
    severity="ticket",
    topic="requests",
    summary="{{ $labels.service }}: 5% of requests took over {{ $value }}",
    description=f"The 95th percentile of all requests of a minute; {_LATENCY_LIMIT:g} s is the limit.",
    threshold=_LATENCY_LIMIT,
    value=decimals(3, "s"),
    minimum_requests=_MINIMUM,
)

ALERTS = (SERVICE_DOWN, REPLICA_DOWN, REQUEST_ERRORS_HIGH, REQUEST_LATENCY_HIGH)
