"""Traces of OpenTelemetry: set up in one call, next to free for a request that is not sampled.

Nothing of OpenTelemetry is imported before `setup` is called; `pip install 'servewatch[tracing]'` brings it.
"""

from __future__ import annotations

from monitoring.tracing.parent import Parent, read_traceparent
from monitoring.tracing.setup import (
    SAMPLE,
    TracingInvalid,
    TracingUnavailable,
    active,
    outgoing,
    setup,
    start_request,
)

__all__ = [
    "SAMPLE",
    "Parent",
    "TracingInvalid",
    "TracingUnavailable",
    "active",
    "outgoing",
    "read_traceparent",
    "setup",
    "start_request",
]
