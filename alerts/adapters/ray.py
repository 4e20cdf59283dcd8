"""Ray Serve: the HTTP proxy, the routers and the batches, in milliseconds."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import Latency, averaged, coded, summed
from alerts.adapters.foreign import counter, gauge, histogram
from alerts.promql import Match
from alerts.windows import LONG

_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500, 1000, 2000, 5000, 10_000, 60_000, 120_000, 300_000, 600_000)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_HTTP = ("route", "method", "application", "status_code")
_REPLICA = ("deployment", "replica", "application")
_ROUTE = Match("!~", "/-/.*")

REQUESTS = counter("ray_serve_num_http_requests_total", "Requests answered by the proxy.", *_HTTP)
LATENCY = histogram(
    "ray_serve_http_request_latency_ms", "Time of a request.", *_HTTP, buckets=_BUCKETS, unit="milliseconds"
)
ONGOING = gauge("ray_serve_num_ongoing_http_requests", "Requests in the proxy.", "node_id", "node_ip_address")
QUEUED = gauge("ray_serve_deployment_queued_queries", "Requests that wait for a replica.", "deployment", "application")
ASSIGNED = histogram(
    "ray_serve_request_router_fulfillment_time_ms",
    "Time until a request had its replica.",
    "deployment",
    "application",
    buckets=_BUCKETS,
    unit="milliseconds",
)
BATCH_SIZE = histogram(
    "ray_serve_actual_batch_size", "Requests in a batch.", *_REPLICA, "function_name", buckets=_SIZES, unit="requests"
)

RAY = Adapter(
    kind="ray",
    server="Ray Serve",
    number=8,
    port=8080,
    metrics=(REQUESTS, LATENCY, ONGOING, QUEUED, ASSIGNED, BATCH_SIZE),
    requests=(coded(REQUESTS, "status_code", route=_ROUTE),),
    latency=Latency(LATENCY, {"route": _ROUTE}),
    gauges={
        "in_progress": summed(ONGOING),
        "queue_requests": summed(QUEUED),
        "queue_seconds": averaged(ASSIGNED, LONG),
        "batch_size": averaged(BATCH_SIZE, LONG),
    },
    shown_by={"queue_seconds": ASSIGNED, "batch_size": BATCH_SIZE},
    notes=(
        "The port is that of --metrics-export-port; each node of the cluster is a target of the same service.",
        "A batch's size is in requests, of functions with @serve.batch.",
        "Requests over gRPC are not counted.",
    ),
)
