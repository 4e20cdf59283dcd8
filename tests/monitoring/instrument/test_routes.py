"""monitoring/instrument/routes.py: the template of a path, as the app itself routes it."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.testclient import TestClient

from monitoring.instrument.counts import UNKNOWN
from monitoring.instrument.routes import Routes


async def shown(request: Any) -> PlainTextResponse:
    """Answers with nothing: which route it was, the scope says."""
    return PlainTextResponse("ok")


def app() -> FastAPI:
    """An app with routes of every kind, in an order that matters."""
    made, inner, outer = FastAPI(), APIRouter(prefix="/inner"), APIRouter(prefix="/v1")

    def handle(id: str = "") -> str:
        return id

    inner.get("/{id}")(handle)
    outer.get("/items/{id}")(handle)
    outer.post("/items/{id}")(handle)
    outer.include_router(inner)
    made.include_router(outer)
    made.get("/things/first")(handle)
    made.get("/things/{id}")(handle)
    made.get("/things/second")(handle)
    made.post("/things/second")(handle)
    made.get("/files/{path:path}")(handle)
    deep = Mount("/deep/{area}", routes=[Route("/x/{y:int}", shown)])
    made.mount("/sub", Starlette(routes=[Route("/a/{b}", shown), Route("/plain", shown), deep]))
    made.mount("/opaque", PlainTextResponse("opaque"))
    made.router.routes.append(WebSocketRoute("/socket", shown))
    return made


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/v1/items/7", "/v1/items/{id}"),
        ("POST", "/v1/items/7", "/v1/items/{id}"),
        ("DELETE", "/v1/items/7", "/v1/items/{id}"),
        ("GET", "/v1/inner/7", "/v1/inner/{id}"),
        ("GET", "/things/first", "/things/first"),
        ("GET", "/things/second", "/things/{id}"),
        ("POST", "/things/second", "/things/second"),
        ("POST", "/things/other", "/things/{id}"),
        ("GET", "/files/a/b/c", "/files/{path:path}"),
        ("GET", "/sub/a/1", "/sub/a/{b}"),
        ("GET", "/sub/plain", "/sub/plain"),
        ("GET", "/sub/deep/north/x/5", "/sub/deep/{area}/x/{y:int}"),
        ("GET", "/sub/deep/north/x/five", UNKNOWN),
        ("GET", "/sub/nowhere", UNKNOWN),
        ("GET", "/opaque/whatever", "/opaque"),
        ("GET", "/things", UNKNOWN),
        ("GET", "/socket", UNKNOWN),
        ("GET", "/v1/items/7/", UNKNOWN),
        ("BREW", "/v1/items/7", "/v1/items/{id}"),
    ],
)
def test_a_path_has_the_template_of_the_route_that_answers(method: str, path: str, template: str) -> None:
    """By method and order, through included routers and mounts; what has no route is unknown, whatever it says."""
    assert Routes(app()).find(method, path) == template


@pytest.mark.parametrize("path", ["/v1/items/7", "/things/first", "/things/second", "/v1/inner/x", "/nowhere"])
def test_it_agrees_with_the_frameworks_own_routing(path: str) -> None:
    """A path has a template exactly where the framework has an answer for it."""
    made = app()
    answered = TestClient(made).get(path).status_code != 404
    assert (Routes(made).find("GET", path) != UNKNOWN) is answered


def test_a_route_that_is_added_later_is_found() -> None:
    """The table is made anew when the app has more routes."""
    made = app()
    routes = Routes(made)
    assert routes.find("GET", "/late") == UNKNOWN
    made.get("/late")(lambda: "late")
    assert routes.find("GET", "/late") == "/late"


def test_what_is_listed_at_the_start_are_endpoints_and_not_their_documentation() -> None:
    """Swagger's pages are counted when they are asked for, but make no series before."""
    templates = Routes(app()).table("GET").templates
    assert "/v1/items/{id}" in templates
    assert not templates & {"/docs", "/openapi.json", UNKNOWN}
