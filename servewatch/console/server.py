"""The console's server: the page, its assets, the dashboards, the store, and the way to Prometheus and Alertmanager."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.rules import RUNBOOK
from alerts.windows import Windows
from servewatch.console import dashboards as stored
from servewatch.console import models, reasons, runbook, watched
from servewatch.console.assets import STATIC
from servewatch.console.errors import RouteUnknown
from servewatch.console.guard import Token
from servewatch.console.home import queries
from servewatch.console.proxy import Proxy, upstreams
from serving.errors import ServewatchError
from serving.store import Store

PAGES = (
    "/",
    "/models",
    "/alerts",
    "/notifications",
    "/silences",
    "/drift",
    "/accuracy",
    "/targets",
    "/empty",
    "/runbook",
    "/dashboards",
    "/d/{uid}",
    "/d/{uid}/{slug}",
)
"""Addresses that a reader may open or reload: each answers with the one page."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class SecurityHeaders:
    """Puts the content policy and its companions on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, with more headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message["headers"]}
                added = [*_HEADERS, *([] if b"cache-control" in names else [(b"cache-control", b"no-cache")])]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self.app(scope, receive, with_headers)


@dataclass(frozen=True)
class Sources:
    """What the console shows, besides what the servers answer."""

    dashboards: Path
    store: Store
    windows: Windows
    traces: str = ""
    """Where a trace can be looked at, with {trace_id} in its place."""


def _told(proxy: Proxy, sources: Sources) -> dict[str, object]:
    """What the page is told of where it is, once."""
    addresses = {name: upstream.shown for name, upstream in proxy.servers.items()}
    asked = {"home": queries(), "watched": watched.queries(sources.windows)}
    where = {"store": str(sources.store.folder), "runbook": RUNBOOK, "traces": sources.traces}
    return {"version": version("servewatch"), **addresses, **asked, **where}


def _answers(proxy: Proxy, sources: Sources) -> dict[str, Callable[[Request], object]]:
    """What is answered as JSON, by address; each may read from a disk or a server, so it gets a thread."""
    folder, store, prometheus = sources.dashboards, sources.store, proxy.servers["prometheus"]
    return {
        "/api/config": lambda _: _told(proxy, sources),
        "/api/dashboards": lambda _: [stored.entry(found) for found in stored.read_all(folder)],
        "/api/dashboards/{uid}": lambda asked: stored.find(folder, asked.path_params["uid"]),
        "/api/runbook": lambda _: {"text": runbook.text()},
        "/api/models": lambda _: models.listed(store),
        "/api/models/{name}/{version}": lambda asked: models.shown(store, **asked.path_params),
        "/api/why": lambda asked: reasons.why(asked.query_params.get("query", ""), prometheus),
        "/api/empty": lambda _: reasons.empty(folder, prometheus),
    }


def _as_json(answer: Callable[[Request], object]) -> Callable[[Request], Awaitable[Response]]:
    async def answered(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(answer, request))

    return answered


def _routes(proxy: Proxy, sources: Sources) -> list[BaseRoute]:
    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return [
        *(Route(path, page) for path in PAGES),
        Route("/healthz", healthz),
        *(Route(path, _as_json(answer)) for path, answer in _answers(proxy, sources).items()),
        Route("/api/{upstream}/{path:path}", proxy.answer, methods=["GET", "POST", "DELETE"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def create_console(
    prometheus: str,
    alertmanager: str,
    receiver: str,
    dashboards: Path,
    *,
    store: Store | None = None,
    windows: Windows | None = None,
    token: str = "",
    traces: str = "",
) -> Starlette:
    """The console as an ASGI app, reading from these servers, this folder of dashboards and this store.

    With a token it lets nobody through who does not have it. `traces` is where single requests' traces are shown.
    """
    proxy = Proxy(upstreams(prometheus, alertmanager, receiver))
    guarded = [Middleware(Token, token=token)] if token else []
    app = Starlette(
        routes=_routes(proxy, Sources(dashboards, store or Store(), windows or Windows(), traces)),
        middleware=[Middleware(SecurityHeaders), *guarded, Middleware(GZipMiddleware, minimum_size=1024)],
        exception_handlers={ServewatchError: _refused, HTTPException: _unknown},
    )
    app.state.guarded = bool(token)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, ServewatchError):
        raise error
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers)


async def _unknown(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = error.headers if isinstance(error, HTTPException) else None
    if status == 405:
        # What may not be written is, to the outside, not there.
        status, headers = 404, None
    if status == 404 and _reads_pages(request):
        return FileResponse(STATIC / "index.html", status_code=404)
    message = f"the console has nothing at {request.method} {request.url.path}"
    return JSONResponse(RouteUnknown(message, "open /").body(), status_code=status, headers=headers)


def _reads_pages(request: Request) -> bool:
    """Whether a person's browser asks, who wants words and a way back rather than JSON."""
    wanted, path = request.headers.get("accept", ""), request.url.path
    return request.method == "GET" and "text/html" in wanted and not path.startswith(("/api/", "/static/"))
