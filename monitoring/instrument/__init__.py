"""One call that gives a FastAPI, Starlette or Flask app the metrics, health and traces of a service of ours."""

from __future__ import annotations

import atexit
import logging
import re
from pathlib import Path
from typing import Any, TypeVar

from prometheus_client.registry import REGISTRY, CollectorRegistry

from monitoring import own, tracing
from monitoring.exposition import MetricsServer
from monitoring.instrument import asgi, wsgi
from monitoring.instrument.apart import Apart, Ready
from monitoring.instrument.counts import UNKNOWN, Counts
from monitoring.instrument.processes import Shared
from monitoring.instrument.routes import Routes
from monitoring.metrics import Metrics

A = TypeVar("A")
NAME = "__servewatch_service__"
"""Where an app that was instrumented has the name under which it is measured."""

PAGE = "__servewatch_page__"
"""Where it has its version, and the registry that its /metrics shows."""

log = logging.getLogger("monitoring")


class InstrumentInvalid(ValueError):
    """This app cannot be instrumented, or not in this way."""


def instrument(
    app: A,
    *,
    service: str = "",
    version: str = "",
    registry: CollectorRegistry = REGISTRY,
    metrics_path: str = "/metrics",
    metrics_port: int | None = None,
    metrics_host: str = "127.0.0.1",
    health: bool = True,
    ready: Ready | None = None,
    processes: str | Path | None = None,
    trace_endpoint: str = "",
    trace_sample: float = tracing.SAMPLE,
) -> A:
    """Measure every request of an app, by its route; give it /healthz, /livez, /readyz and /metrics unless it has them.

    `service` and `version` are labels of all its metrics; the app's own title, name and version unless given.
    `metrics_port` shows /metrics on a port and thread of its own too. `ready` tells why requests are not welcome, or
    None. `processes` is a folder, not on a network, that the processes of one app share, each of which then shows the
    sum of all. `trace_endpoint` is an OpenTelemetry collector, such as http://127.0.0.1:4318, to which requests that
    their caller traces are sent as spans, and of the others the share `trace_sample`. Call it once, where the app is
    made; middleware and routes may come before or after. Gives the app.
    """
    if getattr(app, NAME, None) is not None:
        raise InstrumentInvalid(f"{app!r} is instrumented already: call instrument(app) once")
    wrap = _wrapper(app)
    constant = {"service": service or _service(app), "version": version or _version(app)}
    metrics = Metrics(registry, constant)
    own.expose(registry, constant)
    apart = Apart(metrics, metrics_path, health, ready, Shared(Path(processes), registry) if processes else None)
    if trace_endpoint:
        traced = tracing.setup(**constant, endpoint=trace_endpoint, sample=trace_sample, metrics=metrics)
        apart.end = traced.close
        atexit.register(traced.close)
    wrap(app, Counts(metrics), apart)
    app.__dict__.update({NAME: constant["service"], PAGE: (constant["version"], apart.shown)})
    if metrics_port is not None:
        server = MetricsServer(apart.shown, metrics_host, metrics_port)
        log.info("the metrics of %s are on %s", constant["service"], server.url)
    return app


def _wrapper(app: Any) -> Any:
    if hasattr(app, "build_middleware_stack") and hasattr(app, "router"):
        if app.middleware_stack is not None:
            raise InstrumentInvalid(f"{app!r} has answered already: call instrument(app) where it is made")
        return _around_starlette
    if hasattr(app, "wsgi_app") and hasattr(app, "url_map"):
        return _around_flask
    raise InstrumentInvalid(f"{app!r} is no app of FastAPI, Starlette or Flask, which are what instrument() takes")


def _around_starlette(app: Any, counts: Counts, apart: Apart) -> None:
    routes, build = Routes(app), app.build_middleware_stack

    def built() -> asgi.Instrumented:
        # Outside of all middleware, so that what middleware answers or breaks is counted too.
        for path in apart.paths:
            if path == apart.metrics_path and routes.table("GET").has(path):
                log.warning("the app has a route %s: our metrics are not shown there; metrics_path= says where", path)
        return asgi.Instrumented(build(), routes, counts, apart, getattr(app, "_telemetry", None))

    app.build_middleware_stack = built


def _around_flask(app: Any, counts: Counts, apart: Apart) -> None:
    def rules() -> set[str]:
        return {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"}

    app.before_request_funcs.setdefault(None, []).insert(0, wsgi.entering)
    app.wsgi_app = wsgi.Instrumented(app.wsgi_app, counts, apart, rules)


def _service(app: Any) -> str:
    """The app's own name, as far as it has one."""
    named = getattr(app, "title", "") or getattr(app, "name", "")
    named = "" if named == "FastAPI" else named
    return re.sub(r"[^a-z0-9]+", "_", str(named).rpartition(".")[2].lower()).strip("_") or UNKNOWN


def _version(app: Any) -> str:
    return str(getattr(app, "version", "") or "0")


__all__ = ["InstrumentInvalid", "instrument"]
