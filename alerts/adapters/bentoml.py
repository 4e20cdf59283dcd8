"""BentoML: 1.2 and later count under one namespace; 1.0 and 1.1 had an API server and runners, each with its own."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter, Drop
from alerts.adapters.fills import Latency, averaged, coded, summed
from alerts.adapters.foreign import counter, gauge, histogram
from alerts.promql import Match
from alerts.windows import LONG

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 180.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 100)
_OWN = "/(healthz|livez|readyz|metrics|docs|docs\\.json|favicon\\.ico)|/static_content/.*"
"""Paths that BentoML answers itself, and counts."""

_ENDPOINT = Match("!~", _OWN)
_BENTO = ("service_name", "service_version")
_BATCHES = ("runner_name", "worker_index", "method_name", *_BENTO)

_NEW = ("endpoint", *_BENTO, "runner_name")
REQUESTS = counter("bentoml_service_request_total", "Requests answered.", *_NEW, "http_response_code")
DURATION = histogram(
    "bentoml_service_request_duration_seconds",
    "Time of a request.",
    *_NEW,
    "http_response_code",
    buckets=_BUCKETS,
    unit="seconds",
)
IN_PROGRESS = gauge("bentoml_service_request_in_progress", "Requests that are being worked on.", *_NEW)
BATCH_SIZE = histogram(
    "bentoml_service_adaptive_batch_size", "Requests in a batch.", *_BATCHES, buckets=_SIZES, unit="requests"
)

BENTOML = Adapter(
    kind="bentoml",
    server="BentoML",
    number=1,
    port=3000,
    metrics=(REQUESTS, DURATION, IN_PROGRESS, BATCH_SIZE),
    requests=(coded(REQUESTS, "http_response_code", endpoint=_ENDPOINT),),
    latency=Latency(DURATION, {"endpoint": _ENDPOINT}),
    gauges={"in_progress": summed(IN_PROGRESS, endpoint=_ENDPOINT), "batch_size": averaged(BATCH_SIZE, LONG)},
    shown_by={"batch_size": BATCH_SIZE},
    drops=(
        Drop("__name__", "bentoml_service_last_request_timestamp_seconds"),
        Drop("endpoint", _OWN),
        Drop("http_response_code", "404"),
    ),
    notes=(
        "A batch's size is in requests, not in rows: one request of three rows is 1. Nothing is told without batching.",
        "Every path that somebody tries is a series of its own: answers with 404 are not kept.",
        "A client that goes away before its answer is never counted.",
        "Where one service calls another inside the same bento, both calls count.",
    ),
)

_API = ("endpoint", *_BENTO)
API_REQUESTS = counter("bentoml_api_server_request_total", "Requests answered.", *_API, "http_response_code")
API_DURATION = histogram(
    "bentoml_api_server_request_duration_seconds",
    "Time of a request.",
    *_API,
    "http_response_code",
    buckets=_BUCKETS,
    unit="seconds",
)
API_IN_PROGRESS = gauge("bentoml_api_server_request_in_progress", "Requests that are being worked on.", *_API)
RUNNER_BATCH_SIZE = histogram(
    "bentoml_runner_adaptive_batch_size", "Requests in a batch.", *_BATCHES, buckets=_SIZES, unit="requests"
)

BENTOML_1_0 = Adapter(
    kind="bentoml-1.0",
    server="BentoML 1.0-1.1",
    number=2,
    port=3000,
    metrics=(API_REQUESTS, API_DURATION, API_IN_PROGRESS, RUNNER_BATCH_SIZE),
    requests=(coded(API_REQUESTS, "http_response_code", endpoint=_ENDPOINT),),
    latency=Latency(API_DURATION, {"endpoint": _ENDPOINT}),
    gauges={
        "in_progress": summed(API_IN_PROGRESS, endpoint=_ENDPOINT),
        "batch_size": averaged(RUNNER_BATCH_SIZE, LONG),
    },
    shown_by={"batch_size": RUNNER_BATCH_SIZE},
    drops=(Drop("endpoint", _OWN), Drop("http_response_code", "404")),
    notes=(
        "From 1.0.6 on: earlier ones put the bento's name into each metric's.",
        "Requests over gRPC have the label api_name in place of endpoint and count as well.",
        "A batch's size is in requests, not in rows.",
    ),
)
