"""Every metric as data, a file per topic. Whatever queries, draws or documents a metric starts here."""

from __future__ import annotations

from monitoring.catalogue import batching, drift, models, own, quality, requests, runtime, stack
from monitoring.catalogue.metric import SERVICE_LABELS, Kind, Metric, Topic

OWN: tuple[Metric, ...] = (*requests.ALL, *batching.ALL, *models.ALL, *drift.ALL, *quality.ALL, *runtime.ALL, *own.ALL)
"""What every service of ours exposes."""

ALL: tuple[Metric, ...] = (*OWN, *stack.ALL)
"""The same, and what others expose and we query."""

BY_NAME: dict[str, Metric] = {metric.name: metric for metric in ALL}

__all__ = [
    "ALL",
    "BY_NAME",
    "OWN",
    "SERVICE_LABELS",
    "Kind",
    "Metric",
    "Topic",
    "batching",
    "drift",
    "models",
    "own",
    "quality",
    "requests",
    "runtime",
    "stack",
]
