"""A FastAPI or Starlette app with prometheus-fastapi-instrumentator, as it is without options."""

from __future__ import annotations

from alerts.adapters.adapter import Adapter, Drop
from alerts.adapters.fills import Latency, coded, summed
from alerts.adapters.foreign import counter, gauge, histogram
from alerts.promql import Match

_FINE = (0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 7.5, 10.0)
_WATCHING = "/metrics|/health.*|/livez|/readyz|/docs|/openapi.json|none"

REQUESTS = counter("http_requests_total", "Requests answered.", "handler", "method", "status")
DURATION = histogram(
    "http_request_duration_highr_seconds", "Time of a request.", buckets=(*_FINE, 30.0, 60.0), unit="seconds"
)
IN_PROGRESS = gauge("http_requests_inprogress", "Requests that are being worked on.", "handler", "method")

FASTAPI = Adapter(
    kind="fastapi",
    server="prometheus-fastapi-instrumentator",
    number=11,
    port=8000,
    metrics=(REQUESTS, DURATION, IN_PROGRESS),
    requests=(coded(REQUESTS, "status", ("([0-9])xx", "${1}00"), handler=Match("!~", _WATCHING)),),
    latency=Latency(DURATION),
    gauges={"in_progress": summed(IN_PROGRESS)},
    shown_by={"in_progress": IN_PROGRESS},
    drops=(Drop("handler", _WATCHING),),
    notes=(
        'Latency is over all paths, scrapes too, unless the app has excluded_handlers=["/metrics"].',
        "Requests in progress are told with should_instrument_requests_inprogress=True.",
        "Codes are those of their class (500 for every 5xx) unless should_group_status_codes=False.",
    ),
)
