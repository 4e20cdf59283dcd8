"""Runtime: what the process itself does: its threads, its garbage collector, its GPUs, the traces that it sends."""

from __future__ import annotations

from monitoring.catalogue.metric import SERVICE_LABELS, Metric

_POOL = (*SERVICE_LABELS, "pool")
_GPU = (*SERVICE_LABELS, "gpu", "device")

THREADS_BUSY = Metric(
    name="servewatch_threads_busy",
    kind="gauge",
    help="Threads that are working, by pool: a runner's own, and `default`, where large bodies are decoded.",
    topic="runtime",
    labels=_POOL,
)
THREADS_LIMIT = Metric(
    name="servewatch_threads_limit",
    kind="gauge",
    help="Threads that the pool has at most; where as many are busy, work waits.",
    topic="runtime",
    labels=_POOL,
)
GC_PAUSE = Metric(
    name="servewatch_gc_pause_seconds",
    kind="histogram",
    help="How long one run of Python's garbage collector stopped the process, by generation.",
    topic="runtime",
    unit="seconds",
    labels=(*SERVICE_LABELS, "generation"),
    buckets=(0.00001, 0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0),
)
TRACE_SPANS = Metric(
    name="servewatch_trace_spans_total",
    kind="counter",
    help="Spans by what became of them: sent, failed (the collector did not take them), dropped (too many waited).",
    topic="runtime",
    labels=(*SERVICE_LABELS, "outcome"),
    values={"outcome": ("sent", "failed", "dropped")},
)
PROCESS_RESTARTS = Metric(
    name="servewatch_process_restarts_total",
    kind="counter",
    help="Workers and runners that ended and were started again, where a service has several processes.",
    topic="runtime",
    labels=(*SERVICE_LABELS, "process"),
    values={"process": ("worker", "runner")},
)
GPU_UTILISATION = Metric(
    name="servewatch_gpu_utilisation_ratio",
    kind="gauge",
    help="Share of the last moments in which the GPU computed, where there is one.",
    topic="runtime",
    labels=_GPU,
    add="max",
)
GPU_MEMORY_USED = Metric(
    name="servewatch_gpu_memory_used_bytes",
    kind="gauge",
    help="Memory of the GPU that is taken, by whomever.",
    topic="runtime",
    unit="bytes",
    labels=_GPU,
    add="max",
)
GPU_MEMORY = Metric(
    name="servewatch_gpu_memory_bytes",
    kind="gauge",
    help="Memory that the GPU has.",
    topic="runtime",
    unit="bytes",
    labels=_GPU,
    add="max",
)
GPU_POWER = Metric(
    name="servewatch_gpu_power_watts",
    kind="gauge",
    help="Power that the GPU draws.",
    topic="runtime",
    unit="watts",
    labels=_GPU,
    add="max",
)
GPU_TEMPERATURE = Metric(
    name="servewatch_gpu_temperature_celsius",
    kind="gauge",
    help="Temperature of the GPU.",
    topic="runtime",
    unit="celsius",
    labels=_GPU,
    add="max",
)

GPU = (GPU_UTILISATION, GPU_MEMORY_USED, GPU_MEMORY, GPU_POWER, GPU_TEMPERATURE)
"""Exposed where NVML finds a GPU."""

ALL = (THREADS_BUSY, THREADS_LIMIT, GC_PAUSE, TRACE_SPANS, PROCESS_RESTARTS, *GPU)
