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

ALL = (UP, CPU, MEMORY, START_TIME, ALERTS)
