"""Stack: series that others expose (Prometheus itself, prometheus_client) and that our queries read."""

from __future__ import annotations

from monitoring.catalogue.metric import Metric

_TARGET = ("job", "instance", "service")

UP = Metric(
    name="up",
    kind="gauge",
    help="1 where the last scrape of a target worked, else 0. Written by Prometheus.",
    topic="stack",
    labels=_TARGET,
)
CPU = Metric(
    name="process_cpu_seconds_total",
    kind="counter",
    help="User and system CPU time of the process.",
    topic="stack",
    unit="seconds",
    labels=_TARGET,
)
MEMORY = Metric(
    name="process_resident_memory_bytes",
    kind="gauge",
    help="Resident memory of the process.",
    topic="stack",
    unit="bytes",
    labels=_TARGET,
)
START_TIME = Metric(
    name="process_start_time_seconds",
    kind="gauge",
    help="When the process started, since the epoch.",
    topic="stack",
    unit="seconds",
    labels=_TARGET,
    add="min",
)
ALERTS = Metric(
    name="ALERTS",
    kind="gauge",
    help="1 for each alert that is pending or firing. Written by Prometheus.",
    topic="stack",
    labels=(*_TARGET, "alertname", "alertstate", "severity"),
)

SCRAPE_DURATION = Metric(
    name="scrape_duration_seconds",
    kind="gauge",
    help="How long the last scrape of a target took. Written by Prometheus.",
    topic="stack",
    unit="seconds",
    labels=_TARGET,
)
SCRAPED_SAMPLES = Metric(
    name="scrape_samples_post_metric_relabeling",
    kind="gauge",
    help="Series that the last scrape of a target brought. Written by Prometheus.",
    topic="stack",
    labels=_TARGET,
)
RULE_FAILURES = Metric(
    name="prometheus_rule_evaluation_failures_total",
    kind="counter",
    help="Evaluations of a rule that failed, by its group. Of Prometheus itself.",
    topic="stack",
    labels=("rule_group",),
)
RULES_MISSED = Metric(
    name="prometheus_rule_group_iterations_missed_total",
    kind="counter",
    help="Evaluations of a group that were left out, as the one before took too long. Of Prometheus itself.",
    topic="stack",
    labels=("rule_group",),
)
UNSENT = Metric(
    name="prometheus_notifications_errors_total",
    kind="counter",
    help="Alerts that an Alertmanager did not take. Of Prometheus itself.",
    topic="stack",
    labels=("alertmanager",),
)
NOTIFICATIONS = Metric(
    name="alertmanager_notifications_total",
    kind="counter",
    help="Notifications that were attempted, by the kind of channel. Of Alertmanager.",
    topic="stack",
    labels=("integration",),
)
NOTIFICATIONS_FAILED = Metric(
    name="alertmanager_notifications_failed_total",
    kind="counter",
    help="Notifications that no attempt delivered; Alertmanager 0.27 and later add a reason. Of Alertmanager.",
    topic="stack",
    labels=("integration", "reason"),
)

ALL = (
    UP,
    CPU,
    MEMORY,
    START_TIME,
    ALERTS,
    SCRAPE_DURATION,
    SCRAPED_SAMPLES,
    RULE_FAILURES,
    RULES_MISSED,
    UNSENT,
    NOTIFICATIONS,
    NOTIFICATIONS_FAILED,
)
