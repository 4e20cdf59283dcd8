"""Requests: what came in over HTTP, what was answered, how long it took."""

from __future__ import annotations

from monitoring.catalogue.metric import SERVICE_LABELS, Metric

_CODES = tuple(str(code) for code in range(100, 600))

TOTAL = Metric(
    name="servewatch_requests_total",
    kind="counter",
    help="Requests answered, by endpoint and HTTP code (499: the client left, 503: shed, 504: too late).",
    topic="requests",
    labels=(*SERVICE_LABELS, "endpoint", "code"),
    values={"code": _CODES},
)
IN_PROGRESS = Metric(
    name="servewatch_requests_in_progress",
    kind="gauge",
    help="Requests that are being worked on.",
    topic="requests",
    labels=(*SERVICE_LABELS, "endpoint"),
)
DURATION = Metric(
    name="servewatch_request_duration_seconds",
    kind="histogram",
    help="Time from a request to its answer's last byte handed over, without the time that the client took to send a "
    "body (an app with `instrument` counts that too).",
    topic="requests",
    unit="seconds",
    labels=(*SERVICE_LABELS, "endpoint"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
    exemplars=True,
)
FIRST_CHUNK = Metric(
    name="servewatch_first_chunk_seconds",
    kind="histogram",
    help="Time from a request, once it has been read, to the first chunk of its answer, where the endpoint streams.",
    topic="requests",
    unit="seconds",
    labels=(*SERVICE_LABELS, "endpoint"),
    buckets=DURATION.buckets,
)
EVENT_LOOP_LAG = Metric(
    name="servewatch_event_loop_lag_seconds",
    kind="histogram",
    help="How much later than asked the event loop ran a timer: above 0.1 s something blocks it.",
    topic="requests",
    unit="seconds",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)

ALL = (TOTAL, IN_PROGRESS, DURATION, FIRST_CHUNK, EVENT_LOOP_LAG)
