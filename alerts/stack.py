"""The stack itself: whether targets answer, rules run, and notifications arrive."""

from __future__ import annotations

from alerts.promql import Expr, Match, aggregate, increase, over_time, ratio, select, total
from alerts.requests import JOB
from alerts.rules import Alert, Severity
from alerts.values import Value, decimals, percent
from alerts.windows import LONG
from monitoring.catalogue import Metric, stack

SAMPLE_LIMIT = 50_000
"""Series that Prometheus takes from one scrape of a service: a scrape that brings more counts as failed."""

REFERENCE_JOB = "serving-reference"
"""The second path of a service's metrics: where it does not answer, the service has alerts of its own."""

GATEWAY_JOB = "gateway"
"""The one door to the service's containers."""

_TARGET = ("job", "instance")
_SLOW = 2
_SHARE = 0.8
_SPAN, _BREAKS, _FAILING = "15m", 4, 0.05
_UNDELIVERED = 0.01
_WHICH = "{{ $labels.job }} at {{ $labels.instance }}"


def _alert(
    name: str,
    expr: Expr,
    for_: str,
    summary: str,
    description: str,
    threshold: float = 0,
    value: Value | None = None,
    severity: Severity = "ticket",
) -> Alert:
    return Alert(name, expr, for_, severity, "stack", summary, description, threshold, value)


def _silent(jobs: Match) -> Expr:
    return Expr(f"{aggregate('max', _TARGET, select(stack.UP, job=jobs))} == 0", _TARGET)


def _counted(metric: Metric, by: str) -> Expr:
    return Expr(f"{total((by,), increase(metric, LONG))} > 0", (by,))


TARGET_DOWN = _alert(
    "TargetDown",
    _silent(Match("!~", "|".join((JOB, REFERENCE_JOB, GATEWAY_JOB)))),
    "1m",
    f"{_WHICH} did not answer",
    "Prometheus got no answer from a part of the stack: services have alerts of their own.",
)

GATEWAY_DOWN = _alert(
    "GatewayDown",
    _silent(Match("=", GATEWAY_JOB)),
    "30s",
    "the gateway at {{ $labels.instance }} did not answer",
    "Requests reach the containers of the service through it alone, however well those are.",
    severity="page",
)

MONITORING_BLIND = _alert(
    "MonitoringBlind",
    Expr(f"absent({select(stack.UP)})"),
    "1m",
    "Prometheus had no sample of anything",
    "It scraped nothing, or could not write what it scraped: no other alert could fire.",
    severity="page",
)

SCRAPES_SLOW = _alert(
    "ScrapesSlow",
    Expr(f"{aggregate('max', _TARGET, over_time('avg', stack.SCRAPE_DURATION, LONG))} > {_SLOW}", _TARGET),
    "5m",
    f"{_WHICH}: scrapes took {{{{ $value }}}}",
    f"Mean of {LONG}; {_SLOW} s is the limit. One that takes longer than its timeout counts as no answer.",
    _SLOW,
    decimals(1, "s"),
)


def _broken() -> Expr:
    failed = Expr(f"1 - {over_time('avg', stack.UP, _SPAN)}", stack.UP.labels)
    breaks = over_time("changes", stack.UP, _SPAN)
    both = Expr(f"{failed} > {_FAILING:g}\nand {breaks} >= {_BREAKS}", stack.UP.labels)
    return aggregate("max", _TARGET, both)


SCRAPES_FAIL = _alert(
    "ScrapesFail",
    _broken(),
    "1m",
    f"{_WHICH}: {{{{ $value }}}} of scrapes failed",
    f"In {_SPAN}, time and again: what is counted between two scrapes that work is seen late, and rates are guesses.",
    _FAILING,
    percent(),
)

SERIES_NEAR_LIMIT = _alert(
    "SeriesNearLimit",
    Expr(f"{aggregate('max', _TARGET, select(stack.SCRAPED_SAMPLES, job=JOB))} > {_SHARE * SAMPLE_LIMIT:.0f}", _TARGET),
    "5m",
    f"{_WHICH}: {{{{ $value }}}} in a scrape",
    f"{SAMPLE_LIMIT} is the limit: a scrape that brings more is dropped as a whole, and the service counts as down.",
    _SHARE * SAMPLE_LIMIT,
    decimals(0, "series"),
)

RULES_FAIL = _alert(
    "RulesFail",
    _counted(stack.RULE_FAILURES, "rule_group"),
    "1m",
    "rules of {{ $labels.rule_group }} failed",
    "Their recordings have gaps and their alerts could not fire.",
)

RULES_MISSED = _alert(
    "RulesMissed",
    _counted(stack.RULES_MISSED, "rule_group"),
    "5m",
    "evaluations of {{ $labels.rule_group }} were left out",
    "The evaluation before took longer than the interval: alerts of the group came late.",
)


def _unsent() -> Expr:
    # Where none is known nothing fails to be sent: what counts failures stays where it was, or is not there.
    refused = _counted(stack.UNSENT, "alertmanager")
    known = aggregate("min", ("instance",), select(stack.ALERTMANAGERS))
    return Expr(f"{refused}\nor {known} == 0", refused.labels | known.labels)


ALERTS_UNSENT = _alert(
    "AlertsUnsent",
    _unsent(),
    "1m",
    "{{ with $labels.alertmanager }}Alertmanager at {{ . }} took no alerts{{ else }}"
    "Prometheus at {{ $labels.instance }} knew of no Alertmanager{{ end }}",
    "What Prometheus had to tell was lost. Without another Alertmanager nobody was notified of anything.",
    severity="page",
)

_BY_CHANNEL = ("integration",)

NOTIFICATIONS_FAIL = _alert(
    "NotificationsFail",
    Expr(
        ratio(
            total(_BY_CHANNEL, increase(stack.NOTIFICATIONS_FAILED, LONG)),
            total(_BY_CHANNEL, increase(stack.NOTIFICATIONS, LONG)),
        )
        + f" > {_UNDELIVERED:g}",
        _BY_CHANNEL,
    ),
    "1m",
    "{{ $value }} of notifications by {{ $labels.integration }} failed",
    f"Of those of {LONG}, after every further attempt: somebody was not told of an alert.",
    _UNDELIVERED,
    percent(),
    severity="page",
)

WATCHDOG = _alert(
    "Watchdog",
    Expr("vector(1)"),
    "0s",
    "the way from Prometheus to here was whole",
    "This alert always fires. Where it stops arriving, so would every other.",
    1,
    severity="none",
)

ALERTS = (
    TARGET_DOWN,
    GATEWAY_DOWN,
    MONITORING_BLIND,
    SCRAPES_SLOW,
    SCRAPES_FAIL,
    SERIES_NEAR_LIMIT,
    RULES_FAIL,
    RULES_MISSED,
    ALERTS_UNSENT,
    NOTIFICATIONS_FAIL,
    WATCHDOG,
)
