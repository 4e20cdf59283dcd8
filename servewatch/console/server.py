"""The console's server: the page, its assets, the dashboards, and a read-only way to Prometheus and Alertmanager."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.rules import RUNBOOK
from servewatch.console import dashboards as stored
from servewatch.console import runbook
from servewatch.console.assets import STATIC
from servewatch.console.errors import RouteUnknown
from servewatch.console.home import queries
from servewatch.console.proxy import Proxy, upstreams
from serving.errors import ServewatchError

PAGES = ("/", "/alerts", "/runbook", "/dashboards", "/d/{uid}", "/d/{uid}/{slug}")
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


def _routes(proxy: Proxy, dashboards: Path) -> list[BaseRoute]:
    async def page(request: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def config(request: Request) -> Response:
        addresses = {name: upstream.shown for name, upstream in proxy.servers.items()}
        return JSONResponse({"version": version("servewatch"), **addresses, "home": queries(), "runbook": RUNBOOK})

    async def entries(request: Request) -> Response:
        return JSONResponse([stored.entry(found) for found in stored.read_all(dashboards)])

    async def dashboard(request: Request) -> Response:
        return JSONResponse(stored.find(dashboards, request.path_params["uid"]))

    async def instructions(request: Request) -> Response:
        return JSONResponse({"text": runbook.text()})

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return [
        *(Route(path, page) for path in PAGES),
        Route("/healthz", healthz),
        Route("/api/config", config),
        Route("/api/dashboards", entries),
        Route("/api/dashboards/{uid}", dashboard),
        Route("/api/runbook", instructions),
        Route("/api/{upstream}/{path:path}", proxy.answer, methods=["GET"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def create_console(prometheus: str, alertmanager: str, receiver: str, dashboards: Path) -> Starlette:
    """The console as an ASGI app, reading from these servers and this folder of dashboards."""
    return Starlette(
        routes=_routes(Proxy(upstreams(prometheus, alertmanager, receiver)), dashboards),
        middleware=[Middleware(SecurityHeaders), Middleware(GZipMiddleware, minimum_size=1024)],
        exception_handlers={ServewatchError: _refused, HTTPException: _unknown},
    )


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
