"""MLServer 1.x: what its REST server counts by code, its gRPC server by outcome, and the queue of adaptive batching."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import BY, Answers, Latency, Where, averaged, merged, relabelled, summed
from alerts.adapters.foreign import DEFAULT_BUCKETS, counter, gauge, histogram
from alerts.promql import Expr, bucket_rate, like, or_zero, rate, total
from alerts.windows import SHORT

_REST = ("method", "path", "status_code", "app_name")
_GRPC = ("grpc_type", "grpc_service", "grpc_method")
_PATH = like("/v2/models/.+/(infer|infer_stream|generate|generate_stream)|/invocations")
_METHOD = like("ModelInfer|ModelStreamInfer")

REQUESTS = counter("rest_server_requests_total", "Requests answered over REST.", *_REST)
DURATION = histogram(
    "rest_server_request_duration_seconds",
    "Time of a request over REST.",
    *_REST,
    buckets=DEFAULT_BUCKETS,
    unit="seconds",
)
IN_PROGRESS = gauge("rest_server_requests_in_progress", "Requests that are being worked on.", "method", "app_name")
GRPC_WORKED = counter("grpc_server_handled_total", "Calls of gRPC that worked.", *_GRPC, "grpc_code")
GRPC_ENDED = histogram(
    "grpc_server_handling_seconds",
    "Time of a call of gRPC, whether it worked or not.",
    *_GRPC,
    buckets=DEFAULT_BUCKETS,
    unit="seconds",
)
QUEUE = histogram(
    "batch_request_queue",
    "Requests that wait to be batched, each time that one comes.",
    "model_name",
    "model_version",
    buckets=DEFAULT_BUCKETS,
    unit="requests",
)


def _answers(window: str, chosen: Where) -> Expr:
    """Those over REST by their code; gRPC counts the calls that ended, and of those by code only what worked."""
    told = total(("service", "status_code"), rate(REQUESTS, window, **chosen, path=_PATH))
    rest = relabelled(told, "code", "$1", "status_code", "(.*)")
    worked = total(BY, rate(GRPC_WORKED, window, **chosen, grpc_method=_METHOD, grpc_code="OK"))
    ended = total(BY, bucket_rate(GRPC_ENDED, window, BY, **chosen, grpc_method=_METHOD, le="+Inf"))
    failed = Expr(f"clamp_min({ended} - {or_zero(worked, ended)}, 0)", BY)
    return merged(rest, _coded(worked, "200"), _coded(failed, "500"))


def _coded(found: Expr, code: str) -> Expr:
    return relabelled(found, "code", code, "service", ".*")


MLSERVER = Adapter(
    kind="mlserver",
    server="MLServer",
    number=3,
    port=8082,
    metrics=(REQUESTS, DURATION, IN_PROGRESS, GRPC_WORKED, GRPC_ENDED, QUEUE),
    requests=(Answers(_answers),),
    latency=Latency(DURATION, {"path": _PATH}),
    gauges={"in_progress": summed(IN_PROGRESS, method="POST"), "queue_requests": averaged(QUEUE, SHORT)},
    shown_by={"queue_requests": QUEUE},
    notes=(
        "Requests are those over REST and gRPC; latency and requests in progress are those over REST alone.",
        "Every failed call of gRPC counts as 500, also where the request was wrong: MLServer does not tell which.",
        "The queue is the mean length that requests of the last minute found, where adaptive batching is on, and never "
        "above max_batch_size: what waits beyond it is seen in requests in progress alone.",
        "With parallel_workers at 0 MLServer does not expose its queue.",
        "Its page was seen as it is here with MLServer 1.7.1.",
    ),
)
