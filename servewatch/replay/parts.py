"""The series that Prometheus and Alertmanager expose of themselves while an incident goes on."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.stack import GATEWAY_JOB
from monitoring.catalogue import Metric, stack
from servewatch.replay.pieces import Lines
from servewatch.replay.world import Parts, Phase

GROUP = {"rule_group": "rules/requests.rules.yml;servewatch-requests"}
CHANNEL = {"integration": "webhook"}
SENT_TO = {"alertmanager": "http://127.0.0.1:9093/api/v2/alerts"}
_PROMETHEUS = {"job": "prometheus", "instance": "127.0.0.1:9090"}
_GATEWAY = {"job": GATEWAY_JOB, "instance": "gateway:8405"}
_ALERTMANAGER = {"job": "alertmanager", "instance": "127.0.0.1:9093"}


def series(phases: Iterable[Phase], lines: Lines) -> None:
    """Add the series of the stack to the others."""
    for phase in phases:
        for metric, labels, value in _gauges(phase.parts):
            line = lines.of(metric, labels)
            if phase.parts.watching:
                line.add(phase.seconds, value)
            else:
                line.skip(phase.seconds, gone=False)
        for metric, labels, per_second, there in _counters(phase.parts):
            line = lines.of(metric, labels)
            if phase.parts.watching and there:
                line.count(phase.seconds, per_second)
            else:
                line.skip(phase.seconds, gone=not there)


def _gauges(parts: Parts) -> tuple[tuple[Metric, dict[str, str], float], ...]:
    return (
        (stack.UP, _PROMETHEUS, 1.0),
        (stack.UP, _ALERTMANAGER, float(parts.alertmanager)),
        (stack.UP, _GATEWAY, float(parts.gateway)),
        (stack.SCRAPE_DURATION, _PROMETHEUS, 0.01),
        (stack.SCRAPE_DURATION, _ALERTMANAGER, 0.01),
    )


def _counters(parts: Parts) -> tuple[tuple[Metric, dict[str, str], float, bool], ...]:
    failed = {**CHANNEL, "reason": "other"}
    return (
        (stack.RULE_FAILURES, GROUP, parts.rule_failures, True),
        (stack.RULES_MISSED, GROUP, parts.rules_missed, True),
        (stack.UNSENT, SENT_TO, parts.unsent, True),
        (stack.NOTIFICATIONS, CHANNEL, parts.told, parts.alertmanager),
        (stack.NOTIFICATIONS_FAILED, failed, parts.told * parts.undelivered, parts.alertmanager),
    )
