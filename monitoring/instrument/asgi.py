"""What stands around an ASGI app of Starlette or FastAPI, outside of all its middleware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from monitoring import tracing
from monitoring.exposition import Asked
from monitoring.instrument.apart import HEALTH, Apart
from monitoring.instrument.counts import CLIENT_GONE, Counts, Series
from monitoring.instrument.routes import METHODS, Routes

if TYPE_CHECKING:
    from monitoring.tracing.tracer import Request

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]
FASTAPI = "fastapi.telemetry"
"""Where a request has the span that FastAPI made of it."""
TRACED = "servewatch.traced"
"""Where a request has the span that the service around this app made of it; None where that does not trace it."""
LAST = "http.response.pathsend"
"""A file that the server sends by itself: the whole of an answer's body."""


class Exchange:
    """One request and its answer, until the answer's last byte is handed over."""

    __slots__ = ("_clock", "_receive", "_send", "_server", "_start", "done", "left", "series", "status", "trace_id")

    def __init__(self, series: Series, clock: Callable[[], float], receive: Receive, send: Send) -> None:
        self.series, self._clock, self._receive, self._send = series, clock, receive, send
        self.status, self.done, self.left = 0, False, False
        self.trace_id: str | None = None
        self._server = _server(receive)
        series.in_progress.inc()
        self._start = clock()

    @property
    def watched(self) -> Receive:
        """What the app receives by: where the server does not tell, a client that leaves is seen here."""
        return self._receive if hasattr(self._server, "disconnected") else self._watch

    @property
    def gone(self) -> bool:
        """Whether the client has left."""
        return self.left or getattr(self._server, "disconnected", False) is True

    async def _watch(self) -> Any:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.left = True
        return message

    def send(self, message: Any) -> Awaitable[None]:
        """What the app sends by: no step of its own but for the last message."""
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
        elif kind == LAST or (kind == "http.response.body" and not message.get("more_body")):
            return self._last(message)
        return self._send(message)

    async def _last(self, message: Any) -> None:
        code = CLIENT_GONE if self.gone else self.status
        await self._send(message)
        self.end(code)

    def end(self, code: int) -> None:
        """Count it, once."""
        if self.done:
            return
        self.done, self.status = True, code
        self.series.in_progress.dec()
        self.series.record(code, self._clock() - self._start, self.trace_id)

    def broken(self, error: BaseException | None) -> int:
        """The code of an answer that did not end."""
        if self.gone or (error is not None and not isinstance(error, Exception)):
            return CLIENT_GONE
        return 500


class Instrumented:
    """Counts each request that comes to the app, and answers health and metrics where the app does not."""

    def __init__(
        self, app: ASGIApp, routes: Routes, counts: Counts, apart: Apart, telemetry: dict[str, Any] | None = None
    ) -> None:
        self._app, self._routes, self._counts, self._apart = app, routes, counts, apart
        self._telemetry = telemetry or {}
        self._quiet = frozenset([*HEALTH, *apart.paths])
        self._known = False
        self._alone()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await (self._lifespan if scope["type"] == "lifespan" else self._app)(scope, receive, send)
            return
        path = scope["path"]
        if root := scope.get("root_path"):
            path = path[len(root) :] if path.startswith(root) else path
        if path in self._quiet:
            await self._beside(path, scope, receive, send)
            return
        if not self._known:
            self._know()
        template = self._routes.find(scope["method"], path)
        exchange = Exchange(self._counts.of(template), self._counts.clock, receive, send)
        await self._count(exchange, template, scope)

    async def _count(self, exchange: Exchange, template: str, scope: Scope) -> None:
        traced = _begin(exchange, template, scope)
        failed: BaseException | None = None
        try:
            await self._app(scope, exchange.watched, exchange.send)
        except BaseException as error:
            failed = error
            raise
        finally:
            if not exchange.done:
                exchange.end(exchange.broken(failed))
            if traced is not None:
                if failed is not None:
                    traced.fail(failed)
                traced.end(exchange.status)

    def _know(self) -> None:
        """Show every endpoint at 0."""
        self._known = True
        self._apart.begin()
        for method in METHODS:
            self._counts.know(self._routes.table(method).templates - self._quiet)

    def _alone(self) -> None:
        """Where we trace, FastAPI does not trace the same request again, unless it was given a provider for that."""
        if tracing.active() is not None and self._telemetry.get("tracer_provider") is None:
            self._telemetry["tracing"] = False

    async def _beside(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if path not in self._apart.paths or self._routes.table("GET").has(path):
            await self._app(scope, receive, send)
            return
        given = {name: value.decode("latin-1") for name, value in scope["headers"]}
        query = scope.get("query_string", b"").decode("latin-1")
        asked = Asked(path, given.get(b"accept", ""), given.get(b"accept-encoding", ""), query)
        status, headers, content = self._apart.answer(scope["method"], path, asked)
        raw = [(name.lower().encode(), value.encode()) for name, value in headers]
        raw.append((b"content-length", str(len(content)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else content})

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Readiness follows the app's own start and stop."""
        self._apart.state = "starting"
        self._know()

        async def told() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self._apart.state = "draining"
            return message

        async def tell(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._apart.state = "ready"
                self._alone()
            elif message["type"].startswith("lifespan.shutdown."):
                self._apart.end()  # a server may end the process by a signal now, and nothing else would be done
            await send(message)

        await self._app(scope, told, tell)


def _server(receive: Any) -> Any:
    """The server's side of a connection, also behind functions that only pass messages on.

    uvicorn knows whether the client is there, without being asked for a message.
    """
    while (server := getattr(receive, "__self__", None)) is None:
        names = getattr(getattr(receive, "__code__", None), "co_freevars", ())
        if "receive" not in names:
            return None
        receive = receive.__closure__[names.index("receive")].cell_contents
    return server


def _begin(exchange: Exchange, template: str, scope: Scope) -> Request | None:
    """Take up the caller's trace: as a span where tracing is set up, and as the exemplar of the latency."""
    traced = getattr(scope.get(FASTAPI), "span", None) or scope.get(TRACED)
    if traced is not None:
        context = traced.get_span_context()
        exchange.trace_id = f"{context.trace_id:032x}" if context.trace_flags.sampled else None
        return None
    if TRACED in scope:
        return None
    parent = state = ""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            parent = value.decode("latin-1")
        elif name == b"tracestate":
            state = value.decode("latin-1")
    active = tracing.active()
    if active is None:
        caller = tracing.read_traceparent(parent) if parent else None
        exchange.trace_id = caller.trace_id if caller is not None and caller.sampled else None
        return None
    request = active.start_request(f"{scope['method']} {template}", parent, state)
    request.set({"http.request.method": scope["method"], "http.route": template})
    exchange.trace_id = request.trace_id if request.sampled else None
    return request
