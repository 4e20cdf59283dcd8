"""Serves an app that is not ours and was instrumented, FastAPI, Starlette or Flask, so that a stack can watch it."""

from __future__ import annotations

import logging
import math
from types import FrameType
from typing import Any

import uvicorn
from prometheus_client import disable_created_metrics

from monitoring import tracing
from monitoring.instrument import NAME, PAGE
from serving.loading import load_attribute
from serving.server import open_ports
from serving.settings import Settings
from serving.tracks import FLUSH, open_tracing

log = logging.getLogger("serving")


class Server(uvicorn.Server):
    """uvicorn, but that it does not raise a signal again once it has ended: spans are still to be sent."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: answer what was accepted. Second: end now."""
        self.force_exit = self.should_exit
        self.should_exit = True


def find(target: str) -> Any:
    """The app that MODULE:NAME is, if it was instrumented; None for whatever else it is."""
    found = load_attribute(target)
    return None if isinstance(found, type) or getattr(found, NAME, None) is None else found


def run(app: Any, settings: Settings) -> int:
    """Serve it until a signal ends it, with its metrics on a port of their own, and traces where they are asked for."""
    name: str = getattr(app, NAME)
    version, registry = getattr(app, PAGE)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # as a service of ours does
    listening, metrics = open_ports(registry, settings)
    traced = tracing.active() or open_tracing(name, version, settings)
    log.info("%s on http://%s:%s", name, settings.host, listening.getsockname()[1])
    try:
        Server(_config(app, settings)).run(sockets=[listening])
    finally:
        if metrics is not None:
            metrics.close()
        if traced is not None:
            traced.close(FLUSH)
    return 0


def _config(app: Any, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        interface="wsgi" if hasattr(app, "wsgi_app") else "asgi3",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=math.ceil(settings.drain_timeout),
    )
