"""Batching: what waits for a runner, why it was dispatched, how large the batches are."""

from __future__ import annotations

from monitoring.catalogue.metric import SERVICE_LABELS, Metric

_RUNNER = (*SERVICE_LABELS, "runner")

REQUESTS = Metric(
    name="servewatch_runner_requests_total",
    kind="counter",
    help="Requests that a runner was asked to serve, by outcome.",
    topic="batching",
    labels=(*_RUNNER, "outcome"),
    values={"outcome": ("ok", "error", "invalid", "shed", "cancelled", "expired")},
)
IN_PROGRESS = Metric(
    name="servewatch_runner_requests_in_progress",
    kind="gauge",
    help="Requests inside the runner: in the batch that runs now.",
    topic="batching",
    labels=_RUNNER,
)
DURATION = Metric(
    name="servewatch_runner_duration_seconds",
    kind="histogram",
    help="Time of one call into the user's model, for a whole batch, without queueing.",
    topic="batching",
    unit="seconds",
    labels=_RUNNER,
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
BATCH_SIZE = Metric(
    name="servewatch_runner_batch_size",
    kind="histogram",
    help="Rows in a batch, observed where the batch is formed.",
    topic="batching",
    labels=_RUNNER,
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
)
QUEUE_SECONDS = Metric(
    name="servewatch_runner_queue_seconds",
    kind="histogram",
    help="Time that a request waited from joining the queue to being dispatched.",
    topic="batching",
    unit="seconds",
    labels=_RUNNER,
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
QUEUE_REQUESTS = Metric(
    name="servewatch_runner_queue_requests",
    kind="gauge",
    help="Requests that wait in the runner's queue.",
    topic="batching",
    labels=_RUNNER,
)
DISPATCHES = Metric(
    name="servewatch_runner_dispatches_total",
    kind="counter",
    help="Batches dispatched, by reason: full, timeout (waited long enough), idle (runner was free), drain.",
    topic="batching",
    labels=(*_RUNNER, "reason"),
    values={"reason": ("full", "timeout", "idle", "drain")},
)

ALL = (REQUESTS, IN_PROGRESS, DURATION, BATCH_SIZE, QUEUE_SECONDS, QUEUE_REQUESTS, DISPATCHES)
