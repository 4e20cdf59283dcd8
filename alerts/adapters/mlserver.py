"""MLServer 1.x: counters of each model, and those of its REST server."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import Latency, answered, averaged, summed
from alerts.adapters.foreign import DEFAULT_BUCKETS, counter, gauge, histogram
from alerts.promql import like
from alerts.windows import SHORT

_MODEL = ("model", "version")
_REST = ("method", "path", "status_code", "app_name")

SUCCESS = counter("model_infer_request_success_total", "Inferences that worked.", *_MODEL)
FAILURE = counter("model_infer_request_failure_total", "Inferences that failed.", *_MODEL)
DURATION = histogram(
    "rest_server_request_duration_seconds",
    "Time of a request over REST.",
    *_REST,
    buckets=DEFAULT_BUCKETS,
    unit="seconds",
)
IN_PROGRESS = gauge("rest_server_requests_in_progress", "Requests that are being worked on.", "method", "app_name")
QUEUE = histogram(
    "batch_request_queue",
    "Requests that wait to be batched, each time that one comes.",
    "model_name",
    "model_version",
    buckets=DEFAULT_BUCKETS,
    unit="requests",
)

MLSERVER = Adapter(
    kind="mlserver",
    server="MLServer",
    number=3,
    port=8082,
    metrics=(SUCCESS, FAILURE, DURATION, IN_PROGRESS, QUEUE),
    requests=(answered(SUCCESS, "200"), answered(FAILURE, "500")),
    latency=Latency(DURATION, {"path": like("/v2/models/.+/(infer|infer_stream|generate)|/invocations")}),
    gauges={"in_progress": summed(IN_PROGRESS, method="POST"), "queue_requests": averaged(QUEUE, SHORT)},
    shown_by={"queue_requests": QUEUE},
    notes=(
        "A failed inference counts as 500, also where the request was wrong: MLServer's counter does not tell.",
        "Requests are those over REST and gRPC; latency and requests in progress are those over REST alone.",
        "The queue is the mean length that requests of the last minute found, where adaptive batching is on.",
    ),
)
