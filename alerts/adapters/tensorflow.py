"""TensorFlow Serving: names that begin with a colon, times in microseconds."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import Latency, answered, averaged, quotient
from alerts.adapters.foreign import counter, histogram
from alerts.promql import Match, like
from alerts.windows import LONG

_BUCKETS = tuple(float(f"{10 * 1.8**n:.6g}") for n in range(33))
_CALLERS = "INVALID_ARGUMENT|NOT_FOUND|OUT_OF_RANGE|FAILED_PRECONDITION|UNAUTHENTICATED|PERMISSION_DENIED"
"""Statuses that say that the caller was wrong."""

REQUESTS = counter(":tensorflow:serving:request_count", "Requests, by status.", "model_name", "status")
LATENCY = histogram(
    ":tensorflow:serving:request_latency",
    "Time of a request.",
    "model_name",
    "API",
    "entrypoint",
    buckets=_BUCKETS,
    unit="microseconds",
)
QUEUING = histogram(
    ":tensorflow:serving:batching_session:queuing_latency",
    "Time that a request waited for its batch.",
    "thread_pool_name",
    buckets=_BUCKETS,
    unit="microseconds",
)
ROWS = counter(":tensorflow:serving:request_example_count_total", "Rows of all requests.", "model")
BATCHES = counter(":tensorflow:serving:batching_session:wrapped_run_count", "Batches that were run.")

TENSORFLOW = Adapter(
    kind="tensorflow",
    server="TensorFlow Serving",
    number=5,
    port=8501,
    path="/monitoring/prometheus/metrics",
    metrics=(REQUESTS, LATENCY, QUEUING, ROWS, BATCHES),
    requests=(
        answered(REQUESTS, "200", status="OK"),
        answered(REQUESTS, "400", status=like(_CALLERS)),
        answered(REQUESTS, "499", status="CANCELLED"),
        answered(REQUESTS, "504", status="DEADLINE_EXCEEDED"),
        answered(REQUESTS, "500", status=Match("!~", f"OK|CANCELLED|DEADLINE_EXCEEDED|{_CALLERS}")),
    ),
    latency=Latency(LATENCY),
    gauges={"queue_seconds": averaged(QUEUING, LONG), "batch_size": quotient(ROWS, BATCHES, LONG)},
    shown_by={"queue_seconds": QUEUING, "batch_size": BATCHES},
    notes=(
        "It tells anything only with --monitoring_config_file, which enables prometheus_config.",
        "Waiting and batches are told where batching is enabled.",
        "Its bounds are 10 us times powers of 1.8: those that objectives name are estimated between them.",
    ),
)
