"""Instruments for any Python service: metrics as declarations, decorators, /metrics."""

from __future__ import annotations

from monitoring import own
from monitoring.catalogue import Metric
from monitoring.decorators import counted, in_progress, observed, timed
from monitoring.exposition import MetricsApp, MetricsServer
from monitoring.instrument import instrument
from monitoring.metrics import Metrics, register

__all__ = [
    "Metric",
    "Metrics",
    "MetricsApp",
    "MetricsServer",
    "counted",
    "in_progress",
    "instrument",
    "observed",
    "own",
    "register",
    "timed",
]
