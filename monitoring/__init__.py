"""Instruments for any Python service: metrics as declarations, decorators, /metrics."""

from __future__ import annotations

from monitoring.catalogue import Metric
from monitoring.decorators import counted, in_progress, observed, timed
from monitoring.exposition import MetricsServer, metrics_app
from monitoring.metrics import Metrics, register

__all__ = [
    "Metric",
    "Metrics",
    "MetricsServer",
    "counted",
    "in_progress",
    "metrics_app",
    "observed",
    "register",
    "timed",
]
