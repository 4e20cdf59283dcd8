from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, WebSocket
from pydantic import BaseModel, create_model
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router

from serving import NDArray, Settings, api, batched, create_app, service
from serving.errors import ServiceInvalid

Serve = Callable[..., Any]
Rows = Annotated[np.ndarray, NDArray("float32", ("N", 2))]


class Item(BaseModel):
    """What the router and the mounted app both call an item, and mean differently."""

    name: str


def key(x_key: Annotated[str, Header()]) -> str:
    if x_key != "secret":
        raise HTTPException(401, "who are you?", {"www-authenticate": "Key"})
    return x_key


Numbered = create_model("Item", number=(int, ...))


def items_router(happened: list[str]) -> APIRouter:
    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> Any:
        happened.append("router up")
        yield
        happened.append("router down")

    router = APIRouter(lifespan=lifespan)

    @router.get("/sum", tags=["mine"])
    async def add(request: Request, a: float, b: float) -> float:
        rows = np.array([[a, b]], np.float32)
        return float((await request.app.state.service.double(rows))[0].sum())

    @router.post("/items")
    async def keep(item: Item, key: Annotated[str, Depends(key)]) -> Item:
        return item

    return router


def admin_app(happened: list[str]) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> Any:
        happened.append(f"admin up with {type(app.state.service).__name__}")
        yield
        happened.append("admin down")

    app = FastAPI(lifespan=lifespan)

    @app.post("/items")
    async def keep(item: Numbered, request: Request) -> str:  # type: ignore[valid-type]
        return f"{item.number} of {type(request.app.state.service).__name__}"

    return app


async def plain(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI app of no framework."""
    name = type(scope["app"].state.service).__name__
    await PlainTextResponse(f"{scope['path']} of {name}")(scope, receive, send)


def make(app: Any) -> type:
    @service(app=app)
    class Doubler:
        """Doubles."""

        @batched
        def double(self, rows):
            return rows * 2

        @api
        async def predict(self, rows: Rows) -> Rows:
            return await self.double(rows)

    return Doubler


@pytest.fixture
def happened() -> list[str]:
    return []


@pytest.fixture
def live(serve: Serve, happened: list[str]) -> Any:
    apps = {"/own": items_router(happened), "/admin": admin_app(happened), "/plain": plain}
    return serve(make(apps))


def test_a_route_reaches_the_service_and_its_batches(live: Any) -> None:
    """`request.app.state.service` is the instance: its @batched methods go through the queue, and are counted there."""
    assert live.get("/own/sum?a=1&b=2").json() == 6.0
    assert live.value("servewatch_runner_batch_size_sum", runner="double") == 1
    assert live.post("/predict", [1, 2]).json() == [2, 4]


def test_dependencies_checks_and_errors_are_fastapis_in_our_words(live: Any) -> None:
    """A route's own dependency refuses; a body that does not fit is 422 with our error."""
    assert live.post("/own/items", {"name": "x"}, x_key="secret").json() == {"name": "x"}
    refused = live.post("/own/items", {"name": "x"}, x_key="guess")
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Key")
    assert refused.error["message"] == "who are you?"
    assert live.post("/own/items", {"name": 3}, x_key="secret").error["code"] == "unfit_input"


def test_the_limit_of_bodies_holds_for_a_routers_routes(serve: Serve) -> None:
    """SERVEWATCH_MAX_BODY_BYTES: 413 there as for an endpoint."""
    live = serve(make(items_router([])), max_body_bytes=100)
    assert live.post("/items", {"name": "x" * 20}, x_key="secret").status == 200
    assert live.post("/items", {"name": "x" * 200}, x_key="secret").status == 413


def test_mounted_apps_get_what_is_below_their_prefix(live: Any) -> None:
    """A FastAPI app and a bare ASGI app; each reaches the service."""
    assert live.post("/admin/items", {"number": 5}).json() == "5 of Doubler"
    assert live.get("/plain/anything/below").content == b"/plain/anything/below of Doubler"


@pytest.mark.parametrize("path", ["/own/sum?a=1&b=2", "/plain/x", "/admin/nothing"])
def test_own_routes_answer_with_the_requests_id(live: Any, path: str) -> None:
    """The caller's, as everywhere."""
    assert live.get(path, x_request_id="mine").headers["x-request-id"] == "mine"


def test_own_routes_are_no_endpoints_in_the_metrics(live: Any) -> None:
    """They are not counted as requests; what has no route still is."""
    live.get("/own/sum?a=1&b=2")
    assert live.count(200, "unknown") == 0
    live.get("/own/nothing")
    assert live.count(404, "unknown") == 1


def test_all_is_in_one_description(live: Any) -> None:
    """/openapi.json, which /docs shows: routes with prefixes; two schemas of one name are kept apart."""
    shown = live.get("/openapi.json").json()
    assert {"/predict", "/own/sum", "/own/items", "/admin/items"} <= set(shown["paths"])
    schemas = shown["components"]["schemas"]
    assert (set(schemas["Item"]["properties"]), set(schemas["admin_Item"]["properties"])) == ({"name"}, {"number"})
    body = shown["paths"]["/admin/items"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/admin_Item"}


def test_what_they_do_at_their_start_and_end_is_done(serve: Serve, happened: list[str]) -> None:
    """Before the service is ready, and when it stops; in a mounted app, with the service at hand."""
    live = serve(make({"/own": items_router(happened), "/admin": admin_app(happened)}))
    assert happened == ["router up", "admin up with Doubler"]
    live.stop()
    assert happened[2:] == ["admin down", "router down"]


def test_a_start_that_fails_fails_the_service(serve: Serve, eventually: Any) -> None:
    """As when a model cannot be loaded."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> Any:
        raise ConnectionError("no database")
        yield

    live = serve(make(APIRouter(lifespan=lifespan)), ready=False)
    eventually(lambda: live.lifecycle.state == "failed")
    assert str(live.lifecycle.error) == "no database"


def test_before_the_service_is_ready_its_routes_say_so() -> None:
    """503, as endpoints do, and not an error of the route's."""
    app = create_app(make(APIRouter()), Settings.load({}))
    with pytest.raises(Exception, match="the model is loading"):
        _ = app.frame.state.service
    app.frame.state.own = 3
    assert app.frame.state.own == 3


def test_a_router_of_starlettes_is_taken_too(serve: Serve) -> None:
    """At the root and below a prefix; it is not described."""

    async def hello(request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    router = Router([Route("/hello", hello)])
    assert serve(make(router)).get("/hello").content == b"hello"
    assert serve(make({"/below": router})).get("/below/hello").content == b"hello"


def routed(path: str) -> APIRouter:
    router = APIRouter()

    async def one() -> int:
        return 1

    router.add_api_route(path, one)
    return router


def nested(path: str) -> APIRouter:
    outer = APIRouter()
    outer.include_router(routed(path))
    return outer


@pytest.mark.parametrize("path", ["/{name}", "/{rest:path}"])
def test_a_route_with_a_pattern_gets_what_is_left(serve: Serve, path: str) -> None:
    """Endpoints, health and metrics come first."""
    for router in (routed(path), nested(path)):
        live = serve(make(router))
        assert live.get("/livez").json() == {"status": "alive"}
        assert live.post("/predict", [1, 2]).json() == [2, 4]
        assert live.get("/other").json() == 1


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (routed("/predict"), "own route '/predict' collides with '/predict'"),
        (routed("/metrics"), "own route '/metrics' collides with '/metrics'"),
        ({"/docs": plain}, "own route '/docs' collides with '/docs'"),
        ({"/predict": routed("")}, "own route '/predict' collides"),
        (nested("/predict"), "collides with '/predict'"),
        ({"/livez": plain}, "own route '/livez' collides with '/livez'"),
        ({"ui": plain}, "the prefix 'ui'"),
        ({"/ui/": plain}, "the prefix '/ui/'"),
        ({"/": plain}, "the prefix '/'"),
        (plain, "at 'no prefix'"),
        ({"/ui": 3}, "the service's app is 3 at '/ui'"),
    ],
)
def test_what_cannot_be_served_is_an_error_at_the_start(app: Any, message: str) -> None:
    """It names the route or the prefix, and says what to write."""
    with pytest.raises(ServiceInvalid) as caught:
        create_app(make(app), Settings.load({}))
    assert message in caught.value.message
    assert caught.value.help


def test_a_websocket_is_refused_at_the_start() -> None:
    """The server speaks none: a route that no client could reach is a mistake."""
    router = APIRouter()

    @router.websocket("/talk")
    async def talk(socket: WebSocket) -> None:
        await socket.accept()

    with pytest.raises(ServiceInvalid, match="'/talk' is a WebSocket"):
        create_app(make(router), Settings.load({}))
