"""/metrics: text or OpenMetrics as the scraper asks, on a port and thread of its own or inside an app."""

from __future__ import annotations

import errno
import gzip
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIServer

from prometheus_client import start_http_server
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import CollectorRegistry

from monitoring.beside import Section, beside

Scope = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]
ASGIApp = Callable[[Scope, Callable[[], Awaitable[Any]], Send], Awaitable[None]]

PATH, REFERENCE = "/metrics", "/reference"
"""Whatever path ends with the second shows what live traffic is compared with, every other the metrics."""

_END = b"# EOF\n"
_FAST = 1
"""gzip's level: a page is read once, so a tenth of the time is worth a few kilobytes."""


class Asked(NamedTuple):
    """What a scraper says that it takes."""

    path: str = PATH
    accept: str = ""
    encoding: str = ""
    query: str = ""


class Page(NamedTuple):
    """One answer to a scrape."""

    headers: list[tuple[str, str]]
    content: bytes


def page(registry: CollectorRegistry, asked: Asked, extra: Callable[[str], Sequence[Section]] | None = None) -> Page:
    """The registry's metrics and what is watched beside it; on the second path, what it is compared with.

    `extra` gives the sections of a path where what is watched is counted elsewhere.
    """
    names = parse_qs(asked.query).get("name[]", [])
    encode, kind = choose_encoder(asked.accept)
    shown = beside(registry)
    sections = extra(asked.path) if extra else _sections(registry, asked.path)
    if asked.path.endswith(REFERENCE):
        text = _END if kind.startswith("application/openmetrics") else b""
    else:
        with shown.aside() if shown is not None else nullcontext():
            text = encode(registry.restricted_registry(names) if names else registry)
    content = join(text, kind, [section for section in sections if not names or section[0].name in names])
    headers = [("Content-Type", kind)]
    if "gzip" in asked.encoding:
        content = gzip.compress(content, _FAST)
        headers.append(("Content-Encoding", "gzip"))
    return Page(headers, content)


def _sections(registry: CollectorRegistry, path: str) -> Sequence[Section]:
    shown = beside(registry)
    if shown is None:
        return []
    return shown.reference() if path.endswith(REFERENCE) else shown.sections()


def join(text: bytes, kind: str, sections: Sequence[Section]) -> bytes:
    """A page with these sections in it: at its end, which in OpenMetrics is marked."""
    if not kind.startswith("application/openmetrics"):
        return text + b"".join(_block(section, section[0].name) for section in sections)
    blocks = (_block(section, section[0].name.removesuffix("_total")) for section in sections)
    return b"".join([text.removesuffix(_END), *blocks, _END])


def _block(section: Section, family: str) -> bytes:
    metric, samples = section
    help = metric.help.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {family} {help}\n# TYPE {family} {metric.kind}\n{samples}".encode()


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
        server.set_app(_wsgi(registry))
        self._server: WSGIServer = server
        self._thread: threading.Thread = thread
        self.host = host
        self.port: int = self._server.server_port

    @property
    def url(self) -> str:
        """Where a scraper finds it."""
        return f"http://{self.host}:{self.port}{PATH}"

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)


def _wsgi(registry: CollectorRegistry) -> Callable[..., Iterable[bytes]]:
    def answer(environ: dict[str, Any], start: Callable[[str, list[tuple[str, str]]], Any]) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            start("405 Method Not Allowed", [("Allow", "GET")])
            return [b"use GET\n"]
        given = (environ.get(name, "") for name in ("HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "QUERY_STRING"))
        made = page(registry, Asked(environ["PATH_INFO"], *given))
        start("200 OK", made.headers)
        return [made.content]

    return answer


class MetricsApp:
    """The same pages as an ASGI app, to be mounted in a service."""

    def __init__(self, registry: CollectorRegistry, extra: Callable[[str], Sequence[Section]] | None = None) -> None:
        self._registry, self._extra = registry, extra

    async def __call__(self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Send) -> None:
        await receive()
        given = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
        query = scope.get("query_string", b"").decode("latin-1")
        asked = Asked(scope["path"], given.get(b"accept", ""), given.get(b"accept-encoding", ""), query)
        made = page(self._registry, asked, self._extra)
        headers = [(name.lower().encode(), value.encode()) for name, value in made.headers]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": made.content})
