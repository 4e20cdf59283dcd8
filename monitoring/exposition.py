"""/metrics: text or OpenMetrics as the scraper asks, on a port and thread of its own or inside an app."""

from __future__ import annotations

import errno
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from wsgiref.simple_server import WSGIServer

from prometheus_client import make_asgi_app, start_http_server
from prometheus_client.registry import CollectorRegistry

Scope = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]
ASGIApp = Callable[[Scope, Callable[[], Awaitable[Any]], Send], Awaitable[None]]


class PortTaken(OSError):
    """Another process listens where /metrics should."""


class MetricsServer:
    """/metrics on a thread of its own: a scrape is answered even while the service's event loop is busy."""

    def __init__(self, registry: CollectorRegistry, host: str = "127.0.0.1", port: int = 9464) -> None:
        try:
            server, thread = start_http_server(port, host, registry)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise PortTaken(errno.EADDRINUSE, f"port {port} on {host} is taken") from None
        self._server: WSGIServer = server
        self._thread: threading.Thread = thread
        self.host = host
        self.port: int = server.server_port

    @property
    def url(self) -> str:
        """Where a scraper finds it."""
        return f"http://{self.host}:{self.port}/metrics"

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


class MetricsApp:
    """The same page as an ASGI app, to be mounted in a service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._app: ASGIApp = make_asgi_app(registry)

    async def __call__(self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        await self._app(scope, receive, send)
