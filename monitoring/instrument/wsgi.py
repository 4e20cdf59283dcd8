"""What stands around the WSGI app of Flask."""

from __future__ import annotations

import http
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from monitoring import tracing
from monitoring.exposition import Asked
from monitoring.instrument.apart import HEALTH, Apart
from monitoring.instrument.counts import CLIENT_GONE, UNKNOWN, Counts, Series

if TYPE_CHECKING:
    from monitoring.tracing.tracer import Request

Environ = dict[str, Any]
Start = Callable[..., Any]
WSGIApp = Callable[[Environ, Start], Iterable[bytes]]
KEY = "servewatch.exchange"


class Exchange:
    """One request and its answer, until the answer's last byte is handed over."""

    def __init__(self, counts: Counts, environ: Environ) -> None:
        self._counts, self._environ = counts, environ
        self._series: Series | None = None
        self._start = counts.clock()
        self.status = 0
        self.done = False
        self._request: Request | None = None
        self._trace_id: str | None = None

    def enter(self, endpoint: str) -> None:
        """Its route is known: what works on it begins."""
        if self._series is not None or self.done:
            return
        self._series = self._counts.of(endpoint)
        self._series.in_progress.inc()
        parent = self._environ.get("HTTP_TRACEPARENT", "")
        active = tracing.active()
        if active is not None:
            name = f"{self._environ['REQUEST_METHOD']} {endpoint}"
            self._request = active.start_request(name, parent, self._environ.get("HTTP_TRACESTATE", ""))
            self._request.set({"http.request.method": self._environ["REQUEST_METHOD"], "http.route": endpoint})
            self._trace_id = self._request.trace_id if self._request.sampled else None
        elif parent and (caller := tracing.read_traceparent(parent)) is not None and caller.sampled:
            self._trace_id = caller.trace_id

    def end(self, code: int, error: BaseException | None = None) -> None:
        """Count it, once."""
        if self.done:
            return
        if self._series is None:
            self.enter(UNKNOWN)
        self.done = True
        if self._series is not None:
            self._series.in_progress.dec()
            self._series.record(code, self._counts.clock() - self._start, self._trace_id)
        if self._request is not None:
            if error is not None:
                self._request.fail(error)
            self._request.end(code)


class Body:
    """An answer's body, counted when its last piece is taken, or when nobody takes any more."""

    def __init__(self, body: Iterable[bytes], exchange: Exchange) -> None:
        self._body, self._exchange = body, exchange

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except GeneratorExit:
            raise
        except BaseException as error:
            self._exchange.end(500, error)
            raise
        self._exchange.end(self._exchange.status)

    def close(self) -> None:
        """The server is done with it: where pieces are left, the client has gone."""
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            self._exchange.end(CLIENT_GONE)


class Instrumented:
    """Counts each request that comes to the app, and answers health and metrics where the app does not."""

    def __init__(self, app: WSGIApp, counts: Counts, apart: Apart, rules: Callable[[], set[str]]) -> None:
        self._app, self._counts, self._apart, self._rules = app, counts, apart, rules
        self._quiet = frozenset([*HEALTH, *apart.paths])
        self._known = False

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not self._known:
            self._known = True
            self._apart.begin()
            self._counts.know(self._rules() - self._quiet)
        if path in self._quiet:
            if path not in self._apart.paths or path in self._rules():
                return self._app(environ, start_response)
            return self._beside(path, environ, start_response)
        exchange = environ[KEY] = Exchange(self._counts, environ)

        def started(status: str, *more: Any) -> Any:
            exchange.status = int(status[:3])
            return start_response(status, *more)

        try:
            body = self._app(environ, started)
        except BaseException as error:
            exchange.end(500, error)
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        if isinstance(wrapper, type) and isinstance(body, wrapper):  # a file that the server sends by itself
            exchange.end(exchange.status)
            return body
        return Body(body, exchange)

    def _beside(self, path: str, environ: Environ, start_response: Start) -> Iterable[bytes]:
        asked = Asked(path, *(environ.get(n, "") for n in ("HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "QUERY_STRING")))
        status, headers, content = self._apart.answer(environ["REQUEST_METHOD"], path, asked)
        headers = [*headers, ("Content-Length", str(len(content)))]
        start_response(f"{status} {http.HTTPStatus(status).phrase}", headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else content]


def entering() -> None:
    """What Flask runs before each request of its own: by now the route is known."""
    from flask import request

    exchange = request.environ.get(KEY)
    if exchange is not None:
        exchange.enter(request.url_rule.rule if request.url_rule is not None else UNKNOWN)
