"""Triton: counters of each model, in microseconds; a histogram only where it is asked for."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import Latency, answered, quotient, summed
from alerts.adapters.foreign import SECONDS, counter, gauge, histogram
from alerts.promql import Match
from alerts.windows import LONG

_MODEL = ("model", "version")

SUCCESS = counter("nv_inference_request_success", "Requests that worked.", *_MODEL)
FAILURE = counter("nv_inference_request_failure", "Requests that failed, by reason.", *_MODEL, "reason")
ROWS = counter("nv_inference_count", "Rows that were inferred.", *_MODEL)
BATCHES = counter("nv_inference_exec_count", "Batches that were run.", *_MODEL)
QUEUE_TIME = counter("nv_inference_queue_duration_us", "Time that requests waited.", *_MODEL, unit="microseconds")
PENDING = gauge("nv_inference_pending_request_count", "Requests that wait to be run.", *_MODEL)
FIRST_RESPONSE = histogram(
    "nv_inference_first_response_histogram_ms",
    "Time until the first response.",
    *_MODEL,
    buckets=(100, 500, 2000, 5000),
    unit="milliseconds",
)

TRITON = Adapter(
    kind="triton",
    server="Triton",
    number=4,
    port=8002,
    metrics=(SUCCESS, FAILURE, ROWS, BATCHES, QUEUE_TIME, PENDING, FIRST_RESPONSE),
    requests=(
        answered(SUCCESS, "200"),
        answered(FAILURE, "499", reason="CANCELED"),
        answered(FAILURE, "503", reason="REJECTED"),
        answered(FAILURE, "500", reason=Match("!~", "CANCELED|REJECTED")),
    ),
    latency=Latency(FIRST_RESPONSE),
    gauges={
        "queue_requests": summed(PENDING),
        "queue_seconds": quotient(QUEUE_TIME, SUCCESS, LONG, SECONDS["microseconds"]),
        "batch_size": quotient(ROWS, BATCHES, LONG),
    },
    shown_by={"latency": FIRST_RESPONSE},
    notes=(
        "Latency is told with --metrics-config histogram_latencies=true alone, for decoupled models until the first "
        "response; its bounds are 0.1, 0.5, 2 and 5 s, and what lies between is estimated.",
        "Failures tell their reason from 24.03 on; those of earlier ones all count as 500.",
    ),
)
