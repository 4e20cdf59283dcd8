"""What pages: recordings, alerts, the runbook and Alertmanager's configuration, a file per topic."""

from __future__ import annotations

from alerts import batching, drift, models, quality, requests, slo, stack
from alerts.rules import Alert, Recording, rules_file
from monitoring.catalogue import Topic

RECORDINGS: tuple[Recording, ...] = (
    *requests.RECORDINGS,
    *batching.RECORDINGS,
    *slo.RECORDINGS,
    *drift.RECORDINGS,
    *quality.RECORDINGS,
)
"""Every recorded series, in the order in which one stands on another."""

ALERTS: tuple[Alert, ...] = (
    *requests.ALERTS,
    *batching.ALERTS,
    *models.ALERTS,
    *drift.ALERTS,
    *quality.ALERTS,
    *slo.ALERTS,
    *stack.ALERTS,
)
"""Every alert."""

TOPICS: tuple[Topic, ...] = tuple(
    dict.fromkeys([*(made.topic for made in RECORDINGS), *(alert.topic for alert in ALERTS)])
)
"""The topics that have rules, a rule file each."""

__all__ = ["ALERTS", "RECORDINGS", "TOPICS", "Alert", "Recording", "rules_file"]
