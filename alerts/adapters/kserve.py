"""KServe: the histograms of its Python server, and Knative's queue-proxy beside it, which counts requests."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import Latency, coded, summed
from alerts.adapters.foreign import DEFAULT_BUCKETS, counter, gauge, histogram

_REVISION = (
    "configuration_name",
    "container_name",
    "namespace_name",
    "pod_name",
    "revision_name",
    "service_name",
)

PREDICT = histogram(
    "request_predict_seconds", "Time in predict.", "model_name", buckets=DEFAULT_BUCKETS, unit="seconds"
)
REQUESTS = counter(
    "revision_request_count", "Requests to a revision.", *_REVISION, "response_code", "response_code_class"
)
QUEUE = gauge("revision_queue_depth", "Requests that wait in the queue-proxy.", *_REVISION)

KSERVE = Adapter(
    kind="kserve",
    server="KServe",
    number=6,
    port=8080,
    metrics=(PREDICT, REQUESTS, QUEUE),
    requests=(coded(REQUESTS, "response_code"),),
    latency=Latency(PREDICT),
    gauges={"queue_requests": summed(QUEUE)},
    shown_by={"requests": REQUESTS, "queue_requests": QUEUE},
    notes=(
        "The Python server counts neither requests nor errors. Where Knative (up to 1.18) runs it, its queue-proxy "
        "does: give its port 9091 as another target of the same service.",
        "Latency is the time in predict, without reading the request and writing the answer.",
        "A runtime that is not KServe's own (Triton, MLServer, TorchServe) has an adapter of its own.",
    ),
)
