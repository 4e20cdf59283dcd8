"""The lower half of the Service dashboard: inside the chosen versions and replicas."""

from __future__ import annotations

from alerts import batching as recorded
from alerts.batching import QUEUE_FULL
from alerts.promql import Expr, aggregate, bucket_rate, mean, or_zero, over_time, quantile, rate, select, total
from alerts.requests import JOB
from alerts.windows import LONG, SHORT
from dashboards import panels, style
from dashboards.chosen import RANGE, REPLICA, SERVICE, VERSION
from dashboards.gaps import NO_BATCHES
from dashboards.panels import Modern, query
from monitoring.catalogue import batching, models, requests, runtime, stack

_BY = ("service",)


def since() -> list[Modern]:
    """Which version runs, and since when."""
    started = aggregate("max", _BY, select(stack.START_TIME, job=JOB, **SERVICE))
    running = aggregate("count", ("service", "version"), select(requests.IN_PROGRESS, **SERVICE))
    return [
        panels.stat(
            "Version",
            f"The versions that answer now, as the label of {requests.IN_PROGRESS.name} tells them. Two of one "
            "service: a rollout is under way, or it stopped half-way.",
            running,
            "none",
            legend="{{service}} {{version}}",
            absent="Not told, or not scraped",
            named=True,
        ),
        panels.stat(
            "Runs for",
            f"How long ago the last of its replicas was started ({stack.START_TIME.name}). Short: a rollout, or one "
            "that died and came again; Restarts below tells which.",
            Expr(f"time() - {started}", _BY),
            "s",
            legend="{{service}}",
            absent="Not told, or not scraped",
            thresholds=style.steps(base=style.TRAFFIC),
        ),
    ]


def time() -> list[list[Modern]]:
    """Where a request's time goes: waiting, in the model, in batches of which size."""
    return [[_stages(), _queue(), _shed()], [_batch_size(), _batch_sizes(), _dispatches()]]


def streams() -> list[list[Modern]]:
    """How soon the answers of streams begin."""
    return [[_first_chunk(), _first_chunks()]]


def _stages() -> Modern:
    queue, model = select(recorded.QUEUE_SECONDS, **SERVICE), mean(batching.DURATION, LONG, _BY, **SERVICE)
    whole = mean(requests.DURATION, LONG, _BY, **SERVICE)
    waited = or_zero(Expr(f"{model} + {queue}", _BY), whole)
    return panels.timeseries(
        "Where time goes",
        "Mean time of a request over 5 minutes, whole service: waiting for a runner, in the model, and the rest "
        "(reading, checking, writing), which is all of it where there is no runner. A gap is no traffic.",
        [
            query(queue, "{{service}} queue"),
            query(model, "{{service}} model"),
            query(f"clamp_min({whole} - {waited}, 0)", "{{service}} rest"),
        ],
        "s",
        stacked=True,
        colors={"/queue$/": style.WARNING, "/model$/": style.TRAFFIC, "/rest$/": style.MEAN},
    )


def _queue() -> Modern:
    return panels.timeseries(
        "Queue depth",
        "Requests that wait for each runner. Steadily above 0: the runner is the limit.",
        [query(total(("service", "runner"), select(batching.QUEUE_REQUESTS, **VERSION)), "{{service}} {{runner}}")],
        "none",
        absent=NO_BATCHES,
    )


def _shed() -> Modern:
    return panels.timeseries(
        "Shed",
        "Share of a runner's requests that its full queue turned away, whole service. The dashed line is where "
        "QueueFull pages, once the last minute lies above it.",
        [
            query(select(recorded.SHED_RATIO[LONG], **SERVICE), "{{service}} {{runner}} 5 minutes"),
            query(select(recorded.SHED_RATIO[SHORT], **SERVICE), "{{service}} {{runner}} last minute"),
        ],
        "percentunit",
        limit=QUEUE_FULL.threshold,
        absent=NO_BATCHES,
    )


def _batch_size() -> Modern:
    largest = quantile(0.99, bucket_rate(batching.BATCH_SIZE, LONG, _BY, **SERVICE))
    return panels.timeseries(
        "Batch size",
        "Rows in a batch over 5 minutes, whole service: the mean, and the 99th percentile. 1 under load means "
        "that batching does not work.",
        [
            query(select(recorded.BATCH_SIZE, **SERVICE), "{{service}} mean"),
            query(largest, "{{service}} p99"),
        ],
        "none",
        colors={"/mean$/": style.MEAN, "/p99$/": style.P99},
        absent=NO_BATCHES,
    )


def _batch_sizes() -> Modern:
    return panels.heatmap(
        "Batch size distribution",
        "Batches per second by their rows: a band at the top means that the limit of rows is reached.",
        bucket_rate(batching.BATCH_SIZE, RANGE, (), **VERSION),
        "none",
    )


def _dispatches() -> Modern:
    return panels.timeseries(
        "Dispatch reasons",
        "Batches per second, stacked by why they were sent: full, timeout (waited long enough), idle (the runner "
        "was free), drain (the service stops).",
        [query(total(("reason",), rate(batching.DISPATCHES, RANGE, **VERSION)), "{{reason}}")],
        "ops",
        stacked=True,
        beside=True,
        colors={"full": style.TRAFFIC, "timeout": style.WARNING, "idle": style.OK, "drain": style.MEAN},
        absent=NO_BATCHES,
    )


def _first_chunk() -> Modern:
    chunks = bucket_rate(requests.FIRST_CHUNK, LONG, _BY, **SERVICE)
    return panels.timeseries(
        "First chunk of streams",
        "Time until a streamed answer begins, percentiles over 5 minutes. Empty where no endpoint streams.",
        [query(quantile(q, chunks), f"{{{{service}}}} p{round(100 * q)}") for q in (0.5, 0.95, 0.99)],
        "s",
        colors={"/p50$/": style.P50, "/p95$/": style.P95, "/p99$/": style.P99},
        absent="Nothing is streamed",
    )


def _first_chunks() -> Modern:
    return panels.heatmap(
        "First chunk distribution",
        "Streamed answers per second by the time until they began. Empty where no endpoint streams.",
        bucket_rate(requests.FIRST_CHUNK, RANGE, (), **VERSION),
        "s",
    )


def versions() -> list[Modern]:
    """Which models answer, and whether one version is worse than another."""
    columns = {"service": "Service", "model": "Model", "model_version": "Model version", "framework": "Framework"}
    columns |= {"version": "Version", "instance": "Replica"}
    shown = aggregate("max", tuple(columns), select(models.INFO, **VERSION))
    slow = quantile(0.95, bucket_rate(requests.DURATION, RANGE, ("service", "version"), **VERSION))
    return [
        panels.table(
            "Models",
            "The models that each replica has loaded (servewatch_model_info).",
            shown,
            columns,
            "No model is known",
            share=2,
        ),
        panels.timeseries(
            "Requests by version",
            "Requests per second, stacked by the service's version: a rollout shows as one taking over.",
            [query(total(("service", "version"), rate(requests.TOTAL, RANGE, **VERSION)), "{{service}} {{version}}")],
            "reqps",
            stacked=True,
        ),
        panels.timeseries(
            "p95 by version",
            "The 95th percentile of each version: a newer one that lies above the older is slower.",
            [query(slow, "{{service}} {{version}}")],
            "s",
        ),
    ]


def process() -> list[list[Modern]]:
    """The processes: whether they answer, and what they use."""
    cpu, memory = rate(stack.CPU, RANGE, **REPLICA), select(stack.MEMORY, **REPLICA)
    restarts = over_time("changes", stack.START_TIME, "1h", **REPLICA)
    lag = quantile(0.99, bucket_rate(requests.EVENT_LOOP_LAG, RANGE, ("instance",), **VERSION))
    again = total(("service", "process"), rate(runtime.PROCESS_RESTARTS, "1h", **VERSION))
    named = "{{service}} {{instance}}"
    up = aggregate("max", ("service", "instance"), select(stack.UP, job=JOB, **REPLICA))
    states = style.states(Up=(1, style.OK), Down=(0, style.BAD))
    return [
        [
            panels.timeline("Replicas", "Whether each replica answers scrapes.", up, named, states, "Not scraped"),
            panels.timeseries(
                "Restarts",
                "How often each process was started again within the last hour. A replica that was replaced has a "
                "new address and shows as a new line at 0.",
                [query(restarts, named)],
                "none",
            ),
            panels.timeseries(
                "Event loop lag",
                "How late the event loop runs its timers, 99th percentile: above 0.1 s something blocks it.",
                [query(lag, "{{instance}}")],
                "s",
            ),
        ],
        [
            panels.timeseries("CPU", "Cores in use: 100% is one core.", [query(cpu, named)], "percentunit"),
            panels.timeseries(
                "Memory", "Resident memory; climbing for ever is a leak.", [query(memory, named)], "bytes"
            ),
            panels.timeseries(
                "Workers and runners started again",
                "How often, within the last hour, a worker or a runner ended and was started again "
                "(servewatch_process_restarts_total). No line: the service is one process.",
                [query(f"3600 * {again}", "{{service}} {{process}}")],
                "none",
                absent="None ended, or it is one process",
            ),
        ],
    ]
