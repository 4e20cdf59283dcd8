"""Ray Serve: the HTTP proxy, the routers and the batches, in milliseconds."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter
from alerts.adapters.fills import Latency, Where, averaged, coded, summed
from alerts.adapters.foreign import counter, gauge, histogram
from alerts.promql import Expr, Match
from alerts.windows import LONG

_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500, 1000, 2000, 5000, 10_000, 60_000, 120_000, 300_000, 600_000)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_NODE = ("Component", "NodeAddress", "SessionName", "Version", "WorkerId")
_SCOPE = ("otel_scope_name", "otel_scope_schema_url", "otel_scope_version")
_ALL = (*_NODE, *_SCOPE)
"""What Ray writes on every series."""

_HTTP = ("route", "method", "application", "status_code", *_ALL)
_DEPLOYMENT = ("deployment", "application", "actor_id", *_ALL)
_BATCHES = ("deployment", "replica", "application", "function_name", *_ALL)
_ROUTE = Match("!~", "/-/.*")

REQUESTS = counter("ray_serve_num_http_requests_total", "Requests answered by the proxy.", *_HTTP)
LATENCY = histogram(
    "ray_serve_http_request_latency_ms", "Time of a request.", *_HTTP, buckets=_BUCKETS, unit="milliseconds"
)
ONGOING = gauge("ray_serve_num_ongoing_http_requests", "Requests in the proxy.", "node_id", "node_ip_address", *_ALL)
QUEUED = gauge("ray_serve_deployment_queued_queries", "Requests that wait for a replica.", *_DEPLOYMENT, "handle")
ASSIGNED = histogram(
    "ray_serve_request_router_fulfillment_time_ms",
    "Time until a request had its replica.",
    *_DEPLOYMENT,
    "handle_source",
    buckets=_BUCKETS,
    unit="milliseconds",
)
BATCH_SIZE = histogram(
    "ray_serve_actual_batch_size", "Requests in a batch.", *_BATCHES, buckets=_SIZES, unit="requests"
)


def _batch_size(chosen: Where) -> Expr:
    """Ray counts each batch as the middle of its bucket, which is half below the mean of the whole numbers there."""
    found = averaged(BATCH_SIZE, LONG)(chosen)
    return Expr(f"0.5 + {found}", found.labels)


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
        "batch_size": _batch_size,
    },
    shown_by={"queue_seconds": ASSIGNED, "batch_size": BATCH_SIZE},
    notes=(
        "The port is that of --metrics-export-port; each node of the cluster is a target of the same service.",
        "Applications of one cluster are one service: Ray's page is that of the cluster's node, not of an application.",
        "Its numbers are up to 10 s old when they are scraped.",
        "Wait and batch size are estimates: Ray sums as if everything lay in the middle of its bucket. A batch of 1 or "
        "of 2 is told exactly, one of 8 as 6.5.",
        "The wait is that of each assignment to a replica, also where the replica was full and turned it back.",
        "A batch's size is in requests, of functions with @serve.batch; Ray before December 2025 does not tell it.",
        "Requests over gRPC are not counted.",
        "Its page was seen as it is here with Ray 2.60.0.",
    ),
)
