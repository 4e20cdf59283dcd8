"""The Service dashboard's rows of what runs the service: its threads, its garbage collector, its GPUs, its traces."""

from __future__ import annotations

from alerts.promql import aggregate, bucket_rate, or_zero, quantile, rate, select, total
from dashboards import panels, style
from dashboards.chosen import RANGE, VERSION
from dashboards.panels import Modern, query
from monitoring.catalogue import runtime
from monitoring.catalogue.metric import Metric

GPUS = "GPUs of the chosen replicas, where there are any"
NO_GPU = "No GPU"

_GPU = ("service", "instance", "gpu")
_NAMED = "{{service}} {{instance}} GPU {{gpu}}"


def runtimes() -> list[Modern]:
    """Whether threads, the garbage collector or the way of traces hold anything up."""
    runs = bucket_rate(runtime.GC_PAUSE, RANGE, ("service", "generation"), **VERSION)
    pauses = or_zero(quantile(0.99, runs), total(("service", "generation"), runs))
    spans = total(("service", "outcome"), rate(runtime.TRACE_SPANS, RANGE, **VERSION))
    return [
        _threads(),
        panels.timeseries(
            "Pauses of the garbage collector",
            f"99th percentile by generation ({runtime.GC_PAUSE.name}); 0 is no run. Generation 2 above some 10 ms: "
            "many objects live long; make fewer in each request, or keep what lives long out of its sight (gc.freeze).",
            [query(pauses, "{{service}} generation {{generation}}")],
            "s",
            absent="No run is known of its server",
        ),
        panels.timeseries(
            "Spans",
            f"Spans of traces per second, by what became of them ({runtime.TRACE_SPANS.name}). failed: the collector "
            "of traces does not answer; dropped: too many wait, sample fewer.",
            [query(spans, "{{service}} {{outcome}}")],
            "ops",
            colors={"/sent$/": style.OK, "/failed$/": style.BAD, "/dropped$/": style.WARNING},
            absent="Nothing is traced, or its server does not tell",
        ),
    ]


def _threads() -> Modern:
    by = ("service", "pool")
    busy, limit = (total(by, select(metric, **VERSION)) for metric in (runtime.THREADS_BUSY, runtime.THREADS_LIMIT))
    return panels.timeseries(
        "Threads that work",
        f"Share of each pool's threads that work ({runtime.THREADS_BUSY.name}, {runtime.THREADS_LIMIT.name}). At 100% "
        "for long, what comes waits: a runner's own pool is busy with the model; `default` decodes large bodies.",
        [query(f"{busy} / {limit}", "{{service}} {{pool}}")],
        "percentunit",
    )


def gpus() -> list[list[Modern]]:
    """How busy, how full and how hot each GPU is."""
    used, whole = (aggregate("max", _GPU, select(m, **VERSION)) for m in (runtime.GPU_MEMORY_USED, runtime.GPU_MEMORY))
    return [
        [
            _gpu(
                "GPU utilisation",
                "Low under load: batches are small, or the GPU waits for data.",
                runtime.GPU_UTILISATION,
                "percentunit",
            ),
            panels.timeseries(
                "GPU memory",
                f"Taken, by whomever, of what there is ({runtime.GPU_MEMORY_USED.name}, {runtime.GPU_MEMORY.name}). "
                "Near 100% the next model or a larger batch fails.",
                [query(f"{used} / {whole}", _NAMED)],
                "percentunit",
                absent=NO_GPU,
            ),
            _gpu("GPU power", "At its limit the GPU slows itself down.", runtime.GPU_POWER, "watt"),
            _gpu(
                "GPU temperature",
                "Climbing while power does not: look at the fans.",
                runtime.GPU_TEMPERATURE,
                "celsius",
            ),
        ]
    ]


def _gpu(title: str, advice: str, metric: Metric, unit: str) -> Modern:
    shown = aggregate("max", _GPU, select(metric, **VERSION))
    described = f"{metric.help} ({metric.name}). {advice}"
    return panels.timeseries(title, described, [query(shown, _NAMED)], unit, absent=NO_GPU)
