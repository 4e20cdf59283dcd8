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
    values={"alertstate": ("pending", "firing")},
)
ALERTS_SINCE = Metric(
    name="ALERTS_FOR_STATE",
    kind="gauge",
    help="When each alert that is pending or firing became so, since the epoch. Written by Prometheus.",
    topic="stack",
    unit="seconds",
    labels=(*_TARGET, "alertname", "severity"),
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
ALERTMANAGERS = Metric(
    name="prometheus_notifications_alertmanagers_discovered",
    kind="gauge",
    help="Alertmanagers that it tells of alerts. Of Prometheus itself.",
    topic="stack",
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

PROMETHEUS_CONFIG_OK = Metric(
    name="prometheus_config_last_reload_successful",
    kind="gauge",
    help="1 where the last reading of the configuration worked. Of Prometheus itself.",
    topic="stack",
)
HEAD_SERIES = Metric(
    name="prometheus_tsdb_head_series",
    kind="gauge",
    help="Series in memory: what a scrape writes to and a query of now reads. Of Prometheus itself.",
    topic="stack",
)
SAMPLES_APPENDED = Metric(
    name="prometheus_tsdb_head_samples_appended_total",
    kind="counter",
    help="Samples written, by their type. Of Prometheus itself.",
    topic="stack",
    labels=("type",),
)
BLOCKS_BYTES = Metric(
    name="prometheus_tsdb_storage_blocks_bytes",
    kind="gauge",
    help="Size of the blocks on disk, which come every two hours; what is newer is in the log. Of Prometheus itself.",
    topic="stack",
    unit="bytes",
)
OLDEST = Metric(
    name="prometheus_tsdb_lowest_timestamp_seconds",
    kind="gauge",
    help="When the oldest sample that is kept was taken, since the epoch. Of Prometheus itself.",
    topic="stack",
    unit="seconds",
)
WAL_CORRUPTIONS = Metric(
    name="prometheus_tsdb_wal_corruptions_total",
    kind="counter",
    help="Times that the log of what is not yet in a block could not be read. Of Prometheus itself.",
    topic="stack",
)
RULE_SECONDS = Metric(
    name="prometheus_rule_group_last_duration_seconds",
    kind="gauge",
    help="How long the last evaluation of a group took. Of Prometheus itself.",
    topic="stack",
    unit="seconds",
    labels=("rule_group",),
)
RULE_INTERVAL = Metric(
    name="prometheus_rule_group_interval_seconds",
    kind="gauge",
    help="How often a group is evaluated. Of Prometheus itself.",
    topic="stack",
    unit="seconds",
    labels=("rule_group",),
)
QUERY_SECONDS = Metric(
    name="prometheus_engine_query_duration_seconds",
    kind="gauge",
    help="Quantiles of the time of queries, rules' too, by part of the work (`slice`). Of Prometheus itself.",
    topic="stack",
    unit="seconds",
    labels=("slice", "quantile"),
)
ALERTMANAGER_CONFIG_OK = Metric(
    name="alertmanager_config_last_reload_successful",
    kind="gauge",
    help="1 where the last reading of the configuration worked. Of Alertmanager.",
    topic="stack",
)
ALERTMANAGER_ALERTS = Metric(
    name="alertmanager_alerts",
    kind="gauge",
    help="Alerts that are known, by state: active, suppressed (silenced or inhibited), unprocessed. Of Alertmanager.",
    topic="stack",
    labels=("state",),
)
SILENCES = Metric(
    name="alertmanager_silences",
    kind="gauge",
    help="Silences, by state: active, pending, expired. Of Alertmanager.",
    topic="stack",
    labels=("state",),
)
NOTIFICATION_SECONDS = Metric(
    name="alertmanager_notification_latency_seconds",
    kind="histogram",
    help="How long a notification took, by the kind of channel. Of Alertmanager.",
    topic="stack",
    unit="seconds",
    labels=("integration",),
    buckets=(1.0, 5.0, 10.0, 15.0, 20.0),
)

GATEWAY_ANSWERS = Metric(
    name="haproxy_frontend_http_responses_total",
    kind="counter",
    help="Answers that the gateway gave, its own among them, by class of their code. Of HAProxy.",
    topic="stack",
    labels=("proxy", "code"),
)
GATEWAY_CONNECTIONS = Metric(
    name="haproxy_frontend_current_sessions",
    kind="gauge",
    help="Connections of clients that are open at the gateway. Of HAProxy.",
    topic="stack",
    labels=("proxy",),
)
GATEWAY_QUEUE = Metric(
    name="haproxy_backend_current_queue",
    kind="gauge",
    help="Requests that wait at the gateway for a replica. Of HAProxy.",
    topic="stack",
    labels=("proxy",),
)
GATEWAY_RETRIES = Metric(
    name="haproxy_backend_retry_warnings_total",
    kind="counter",
    help="Connections to a replica that did not come about and were tried again. Of HAProxy.",
    topic="stack",
    labels=("proxy",),
)
GATEWAY_REDISPATCHES = Metric(
    name="haproxy_backend_redispatch_warnings_total",
    kind="counter",
    help="Requests that another replica got than the one chosen at first. Of HAProxy.",
    topic="stack",
    labels=("proxy",),
)
GATEWAY_FAILURES = Metric(
    name="haproxy_backend_connection_errors_total",
    kind="counter",
    help="Requests for which no connection to a replica came about. Of HAProxy.",
    topic="stack",
    labels=("proxy",),
)
GATEWAY_REPLICA = Metric(
    name="haproxy_server_status",
    kind="gauge",
    help="1 for the state that a replica is in (UP, DOWN, DRAIN, MAINT, NOLB), 0 for the others. Of HAProxy.",
    topic="stack",
    labels=("proxy", "server", "state"),
)

GATEWAY = (
    GATEWAY_ANSWERS,
    GATEWAY_CONNECTIONS,
    GATEWAY_QUEUE,
    GATEWAY_RETRIES,
    GATEWAY_REDISPATCHES,
    GATEWAY_FAILURES,
    GATEWAY_REPLICA,
)
"""What the gateway of containers exposes; natively there is none."""

ALL = (
    UP,
    CPU,
    MEMORY,
    START_TIME,
    ALERTS,
    ALERTS_SINCE,
    SCRAPE_DURATION,
    SCRAPED_SAMPLES,
    RULE_FAILURES,
    RULES_MISSED,
    UNSENT,
    ALERTMANAGERS,
    NOTIFICATIONS,
    NOTIFICATIONS_FAILED,
    PROMETHEUS_CONFIG_OK,
    HEAD_SERIES,
    SAMPLES_APPENDED,
    BLOCKS_BYTES,
    OLDEST,
    WAL_CORRUPTIONS,
    RULE_SECONDS,
    RULE_INTERVAL,
    QUERY_SECONDS,
    ALERTMANAGER_CONFIG_OK,
    ALERTMANAGER_ALERTS,
    SILENCES,
    NOTIFICATION_SECONDS,
    *GATEWAY,
)
