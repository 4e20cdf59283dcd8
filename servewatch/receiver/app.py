"""The receiver's routes: Alertmanager posts to /alerts, people open /, programs read /notifications."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from servewatch.receiver.book import Book
from servewatch.receiver.look import HEADERS
from servewatch.receiver.page import render
from serving.errors import BodyTooLarge, InvalidInput, ServewatchError

LARGEST = 4 * 1024 * 1024


def _now() -> datetime:
    return datetime.now(UTC)


def receiver_app(book: Book, now: Callable[[], datetime] = _now, console: str = "") -> Starlette:
    """The app that keeps what it is sent in this book, and whose page leads to this console."""

    async def alerts(request: Request) -> Response:
        book.add(payload_of(await _body(request)), now().isoformat(timespec="milliseconds"))
        return JSONResponse({"kept": len(book)})

    async def notifications(request: Request) -> Response:
        return JSONResponse(list(book))

    async def page(request: Request) -> Response:
        return HTMLResponse(render(list(book), console), headers=HEADERS)

    async def healthz(request: Request) -> Response:
        return PlainTextResponse(f"{book.problem or 'ok'}\n", 503 if book.problem else 200)

    return Starlette(
        routes=[
            Route("/", page),
            Route("/alerts", alerts, methods=["POST"]),
            Route("/notifications", notifications),
            Route("/healthz", healthz),
        ],
        exception_handlers={ServewatchError: _refuse, HTTPException: _unknown},
    )


def payload_of(body: bytes) -> dict[str, Any]:
    """Read an Alertmanager webhook's body; raise InvalidInput where it is something else."""
    help = "Alertmanager's webhook_configs send the right thing: an object with a list 'alerts'"
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise InvalidInput(f"the body is not JSON: {error}", help) from None
    alerts = payload.get("alerts") if isinstance(payload, dict) else None
    if not isinstance(alerts, list) or not all(isinstance(alert, dict) for alert in alerts):
        raise InvalidInput("the body is JSON, but no notification of Alertmanager", help)
    return dict(payload)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST:
            raise BodyTooLarge(f"the body is larger than {LARGEST} bytes", "group fewer alerts in one notification")
    return bytes(body)


async def _refuse(request: Request, error: Exception) -> Response:
    if not isinstance(error, ServewatchError):
        raise error
    return JSONResponse(error.body(), status_code=error.status, headers=error.headers)


async def _unknown(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    known = "POST /alerts, GET /notifications, GET /, GET /healthz"
    message = f"{request.method} {request.url.path}: {getattr(error, 'detail', error)}"
    body = {"error": {"code": "not_found" if status == 404 else "refused", "message": message, "help": known}}
    return JSONResponse(body, status_code=status)
