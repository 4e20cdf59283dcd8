"""Set tracing up for a process, and reach it without importing what it stands on."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitoring.metrics import Metrics

if TYPE_CHECKING:
    from monitoring.tracing.tracer import Request, Tracing

SAMPLE = 0.01
"""Share of the requests without a caller's decision that are traced unless said otherwise."""

_PATH = "/v1/traces"
_active: Tracing | None = None


class TracingInvalid(ValueError):
    """Tracing was asked for with a value that it does not take."""


class TracingUnavailable(ValueError):
    """Tracing was asked for, and what it stands on is not installed."""


def setup(
    service: str,
    version: str = "",
    *,
    endpoint: str,
    sample: float = SAMPLE,
    metrics: Metrics | None = None,
    instance: str = "",
) -> Tracing:
    """Send this process's traces to an OpenTelemetry collector (OTLP over HTTP), in the background.

    A caller's decision to sample is kept; of the requests that come without one, the share `sample` is traced.
    The spans of your own code and of instrumented clients go the same way unless the process has a tracer provider
    of its own. With `metrics`, what became of the spans is counted.
    """
    global _active
    if not 0 <= sample <= 1:
        raise TracingInvalid(f"sample is {sample}, expected a share in 0 to 1, such as 0.01")
    url = traces_url(endpoint)
    try:
        from monitoring.tracing.tracer import Tracing
    except ImportError as error:
        raise TracingUnavailable(
            f"tracing needs {error.name or 'opentelemetry'}, which is not installed: pip install 'servewatch[tracing]'"
        ) from None
    resource = {
        "service.name": service,
        "service.version": version,
        "service.instance.id": instance or f"{socket.gethostname()}:{os.getpid()}",
    }
    _active = Tracing(url, sample, resource, metrics)
    return _active


def traces_url(endpoint: str) -> str:
    """Where spans are sent; a collector's bare address gets the path that OTLP has for them."""
    try:
        parts = urlsplit(endpoint)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise TracingInvalid(f"the collector is {endpoint!r}, expected a URL such as http://127.0.0.1:4318")
    return endpoint if parts.path.strip("/") else parts._replace(path=_PATH).geturl()


def active() -> Tracing | None:
    """What `setup` made last in this process; None before, and after it was closed."""
    return None if _active is None or _active.closed else _active


def start_request(name: str, traceparent: str = "", tracestate: str = "") -> Request | None:
    """Begin a request that came in, with its caller's headers; None where tracing is off. End what this gives."""
    tracing = active()
    return None if tracing is None else tracing.start_request(name, traceparent, tracestate)


def outgoing() -> dict[str, str]:
    """The headers that let a service which you call continue the trace; none where there is no trace."""
    tracing = active()
    return {} if tracing is None else tracing.outgoing()
