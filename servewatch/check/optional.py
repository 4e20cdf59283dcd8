"""What is there only where something does the thing: batches, models, streams, GPUs, a reference, a gateway."""

from __future__ import annotations

import alerts
from monitoring.catalogue import Metric, batching, drift, models, own, quality, requests, runtime, stack

_DOES: tuple[tuple[Metric, tuple[Metric, ...]], ...] = (
    (requests.FIRST_CHUNK, (requests.FIRST_CHUNK,)),
    (runtime.PROCESS_RESTARTS, (runtime.PROCESS_RESTARTS,)),
    (own.LABEL_VALUES_DROPPED, (own.LABEL_VALUES_DROPPED,)),
    (runtime.TRACE_SPANS, (runtime.TRACE_SPANS,)),
    (runtime.GPU_UTILISATION, runtime.GPU),
    (batching.QUEUE_REQUESTS, batching.ALL),
    (models.INFO, models.ALL),
    (runtime.THREADS_LIMIT, (runtime.THREADS_BUSY, runtime.THREADS_LIMIT, runtime.GC_PAUSE, requests.EVENT_LOOP_LAG)),
    (drift.OBSERVATIONS, drift.ALL),
    (quality.LABELLED, quality.ALL),
    (stack.GATEWAY_ANSWERS, stack.GATEWAY),
)
"""What shows that a service does it, and the metrics that it then has."""

_RECORDED = {"batching": batching.QUEUE_REQUESTS, "drift": drift.OBSERVATIONS, "quality": quality.LABELLED}


def shown_by() -> dict[str, str]:
    """Tell, for each series that may rightly be absent, which one shows that it may not."""
    found = {name: _first(sign) for sign, metrics in _DOES for metric in metrics for name in metric.series}
    for recording in alerts.RECORDINGS:
        if recording.topic in _RECORDED:
            found[recording.name] = _first(_RECORDED[recording.topic])
    return found


def _first(metric: Metric) -> str:
    return next(iter(metric.series))
