"""Seldon Core 2: what its agent counts for each model."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import Latency, coded
from alerts.adapters.foreign import GO_BUCKETS, counter, histogram

_GRPC = (
    ("[A-Z].*", "500"),
    ("InvalidArgument|NotFound|OutOfRange|FailedPrecondition|Unauthenticated|PermissionDenied", "400"),
    ("Canceled", "499"),
    ("Unavailable|ResourceExhausted", "503"),
    ("DeadlineExceeded", "504"),
    ("OK", "200"),
)
"""The codes of gRPC, which stand beside those of HTTP in the same label."""

_SERVER = ("server", "server_replica")

REQUESTS = counter(
    "seldon_model_infer_total", "Inferences, by code.", *_SERVER, "model", "model_internal", "method_type", "code"
)
DURATION = histogram(
    "seldon_model_infer_api_seconds",
    "Time of an inference.",
    *_SERVER,
    "method",
    "code",
    buckets=GO_BUCKETS,
    unit="seconds",
)

SELDON = Adapter(
    kind="seldon",
    server="Seldon Core 2",
    number=7,
    port=9006,
    metrics=(REQUESTS, DURATION),
    requests=(coded(REQUESTS, "code", *_GRPC),),
    latency=Latency(DURATION),
    notes=("Latency is that of a whole server: Seldon does not tell its models apart there.",),
)
