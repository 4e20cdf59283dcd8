"""vLLM, version 1 of its engine: requests to a language model, which takes seconds where others take milliseconds."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import BY, Latency, Where, answered, averaged
from alerts.adapters.foreign import counter, gauge, histogram
from alerts.promql import Expr, Match, over_time, select, total
from alerts.windows import LONG

_MODEL = ("model_name", "engine")
_LONG = (15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0)
_BUCKETS = (0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, *_LONG)

FINISHED = counter("vllm:request_success_total", "Requests that ended, by reason.", *_MODEL, "finished_reason")
HTTP = counter("http_requests_total", "Requests answered over HTTP.", "handler", "method", "status")
LATENCY = histogram("vllm:e2e_request_latency_seconds", "Time of a request.", *_MODEL, buckets=_BUCKETS, unit="seconds")
QUEUE_TIME = histogram(
    "vllm:request_queue_time_seconds", "Time that a request waited.", *_MODEL, buckets=_BUCKETS, unit="seconds"
)
RUNNING = gauge("vllm:num_requests_running", "Requests in the batch that runs.", *_MODEL)
WAITING = gauge("vllm:num_requests_waiting", "Requests that wait to be run.", *_MODEL)

_HANDLER = Match("!~", "/health|/metrics|/ping|/version|/load|none")


def _in_progress(chosen: Where) -> Expr:
    running, waiting = (total(BY, select(metric, **chosen)) for metric in (RUNNING, WAITING))
    return Expr(f"{running} + {waiting}", BY)


def _batch_size(chosen: Where) -> Expr:
    return Expr(f"{total(BY, over_time('avg', RUNNING, LONG, **chosen))} > 0", BY)


VLLM = Adapter(
    kind="vllm",
    server="vLLM",
    number=9,
    port=8000,
    metrics=(FINISHED, HTTP, LATENCY, QUEUE_TIME, RUNNING, WAITING),
    requests=(
        answered(FINISHED, "200", finished_reason=Match("!~", "abort|error")),
        answered(FINISHED, "499", finished_reason="abort"),
        answered(HTTP, "400", status="4xx", handler=_HANDLER),
        answered(HTTP, "500", status="5xx", handler=_HANDLER),
    ),
    latency=Latency(LATENCY),
    gauges={
        "in_progress": _in_progress,
        "queue_requests": lambda chosen: total(BY, select(WAITING, **chosen)),
        "queue_seconds": averaged(QUEUE_TIME, LONG),
        "batch_size": _batch_size,
    },
    notes=(
        "Its smallest bound is 0.3 s: what lies below is estimated, and RequestLatencyHigh's 0.5 s mean little for it.",
        "A batch's size is the mean number of requests that ran at once, idle moments included.",
        "Errors are those of its HTTP server. Names that only version 0 of the engine had are not read.",
    ),
)
