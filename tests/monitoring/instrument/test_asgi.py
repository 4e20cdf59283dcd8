"""monitoring/instrument/asgi.py: what is counted of an app that is not ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import StreamingResponse
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from monitoring import instrument, own

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Shop:
    """An instrumented app, and what its registry says."""

    def __init__(self, app: Any, **options: Any) -> None:
        self.registry = CollectorRegistry()
        self.app = instrument(app, service="shop", version="2", registry=self.registry, **options)
        self.client = TestClient(self.app, raise_server_exceptions=False)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, {"service": "shop", "version": "2", **labels})

    def count(self, endpoint: str, code: int) -> float | None:
        return self.value("servewatch_requests_total", endpoint=endpoint, code=str(code))

    def running(self, endpoint: str) -> float | None:
        return self.value("servewatch_requests_in_progress", endpoint=endpoint)


def fast() -> FastAPI:
    """An app of FastAPI with what can happen to a request."""
    app = FastAPI()
    done: list[str] = []
    app.state.done = done

    @app.get("/items/{id}")
    def item(id: int) -> int:
        return id

    @app.get("/boom")
    async def boom() -> None:
        raise RuntimeError("boom")

    @app.get("/broken")
    async def broken() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            raise RuntimeError("half way")

        return StreamingResponse(pieces())

    @app.get("/stream")
    def stream() -> StreamingResponse:
        def pieces() -> Iterator[bytes]:
            yield b"one"
            yield b"two"

        return StreamingResponse(pieces())

    @app.get("/later")
    def later(tasks: BackgroundTasks) -> str:
        tasks.add_task(done.append, "task")
        return "ok"

    return app


@pytest.fixture
def shop() -> Shop:
    return Shop(fast())


def test_requests_are_counted_by_template_and_code(shop: Shop) -> None:
    """An id is never a label; what the app refuses and what has no route is counted as such."""
    for path in ("/items/1", "/items/2", "/items/x", "/nowhere", "/elsewhere"):
        shop.client.get(path)
    shop.client.post("/items/1")
    assert shop.count("/items/{id}", 200) == 2
    assert shop.count("/items/{id}", 422) == 1
    assert shop.count("/items/{id}", 405) == 1
    assert shop.count("unknown", 404) == 2
    assert shop.value("servewatch_request_duration_seconds_count", endpoint="/items/{id}") == 4
    assert shop.running("/items/{id}") == 0


def test_every_endpoint_is_there_at_0_once_the_app_has_started(shop: Shop) -> None:
    """The first error of an endpoint can be seen as an increase."""
    with shop.client:
        assert [shop.count("/items/{id}", code) for code in (200, 499, 500)] == [0, 0, 0]
        assert shop.count("unknown", 404) == 0


def test_an_error_is_a_500_and_reaches_the_server(shop: Shop) -> None:
    """The app's own handling goes on: the client gets 500, the server the exception."""
    assert shop.client.get("/boom").status_code == 500
    assert shop.count("/boom", 500) == 1
    with pytest.raises(RuntimeError, match="boom"):
        TestClient(shop.app).get("/boom")
    assert shop.running("/boom") == 0


def test_a_stream_is_counted_when_it_ends_and_a_broken_one_as_500(shop: Shop) -> None:
    """A stream's time is up to its last byte; one that broke was answered 200, and counts as what it was."""
    assert shop.client.get("/stream").text == "onetwo"
    shop.client.get("/broken")
    assert (shop.count("/stream", 200), shop.count("/broken", 500)) == (1, 1)
    assert shop.count("/broken", 200) == 0


def test_work_after_the_answer_is_not_the_requests_time() -> None:
    """The request has been counted by the time its background task runs."""
    app, seen = FastAPI(), []
    shop = Shop(app)

    @app.get("/later")
    def later(tasks: BackgroundTasks) -> str:
        tasks.add_task(lambda: seen.append((shop.count("/later", 200), shop.running("/later"))))
        return "ok"

    shop.client.get("/later")
    assert seen == [(1, 0)]


def test_middleware_of_the_app_is_inside_whenever_it_was_added() -> None:
    """What middleware answers itself is counted, also where it was added after the app was instrumented."""

    class Refuse:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                await PlainTextResponse("no", 401)(scope, receive, send)
            else:
                await self.app(scope, receive, send)

    early, late = Shop(FastAPI(middleware=[Middleware(Refuse)])), Shop(FastAPI())
    late.app.add_middleware(Refuse)
    for shop in (early, late):
        shop.app.get("/x")(lambda: "x")
        assert shop.client.get("/x").status_code == 401
        assert shop.count("/x", 401) == 1


class Server:
    """A server whose client leaves: as uvicorn, it knows; as others, it says so when it is asked."""

    def __init__(self) -> None:
        self.disconnected = False
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        if self.disconnected:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(self, message: Any) -> None:
        self.sent.append(message)


def scope(path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "root_path": "",
        "headers": list(headers),
        "query_string": b"",
    }


def passing(receive: Any) -> Any:
    """What stands around an app often does that, FastAPI's own traces among them."""

    async def passed() -> Any:
        return await receive()

    return passed


@pytest.mark.parametrize("passed_on", [False, True])
def test_a_client_that_left_before_its_answer_is_499(passed_on: bool) -> None:
    """Where the server knows that nobody is there, the answer is counted as what became of it."""
    server, app = Server(), FastAPI()
    shop = Shop(app)

    @app.get("/slow")
    async def slow() -> str:
        server.disconnected = True
        return "late"

    asyncio.run(shop.app(scope("/slow"), passing(server.receive) if passed_on else server.receive, server.send))
    assert (shop.count("/slow", 499), shop.count("/slow", 200)) == (1, 0)


def test_a_client_that_leaves_a_stream_is_499_with_any_server() -> None:
    """The app is told that the client left, and gives up: seen where the server has no word for it."""
    server, app, left = Server(), FastAPI(), asyncio.Event()
    shop = Shop(app)

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"one"
            server.disconnected = True
            left.set()
            await asyncio.get_running_loop().create_future()

        return StreamingResponse(pieces())

    async def receive() -> Any:
        await left.wait()
        return await server.receive()

    asyncio.run(shop.app({**scope("/stream"), "asgi": {"spec_version": "2.3"}}, receive, server.send))
    assert (shop.count("/stream", 499), shop.running("/stream")) == (1, 0)


def test_a_request_that_is_cancelled_is_499_and_stays_cancelled() -> None:
    """A server that ends the work of a client that left is obeyed."""
    server, app, begun = Server(), FastAPI(), asyncio.Event()
    shop = Shop(app)

    @app.get("/slow")
    async def slow() -> None:
        begun.set()
        await asyncio.get_running_loop().create_future()

    async def ask() -> None:
        task = asyncio.ensure_future(shop.app(scope("/slow"), server.receive, server.send))
        await begun.wait()
        assert shop.running("/slow") == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(ask())
    assert (shop.count("/slow", 499), shop.running("/slow")) == (1, 0)


def test_health_and_metrics_are_answered_and_not_counted(shop: Shop) -> None:
    """All four are there, say what is to say, refuse other methods, and leave no trace in the counts."""
    get = shop.client.get
    assert get("/livez").json() == {"status": "alive"}
    assert get("/healthz").json() == {"status": "ready", "service": "shop", "version": "2"}
    assert get("/readyz").status_code == 200
    assert "servewatch_requests_in_progress" in get("/metrics").text
    assert get("/metrics", headers={"accept": "application/openmetrics-text"}).text.endswith("# EOF\n")
    assert shop.client.head("/readyz").content == b""
    assert shop.client.post("/livez").json()["error"]["help"] == "use GET"
    assert not any(shop.count(path, 200) for path in ("/livez", "/healthz", "/readyz", "/metrics", "unknown"))


def test_readiness_follows_the_start_the_stop_and_the_apps_own_word() -> None:
    """Not ready before the app has started, nor when it says so itself, with the reason."""
    reasons: list[str | None] = [None]
    shop = Shop(fast(), ready=lambda: reasons[0])
    with shop.client as client:
        assert client.get("/readyz").status_code == 200
        reasons[0] = "the index is loading"
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["error"]["message"]) == (503, "the index is loading")
        assert client.get("/livez").status_code == 200
    reasons[0] = None
    assert shop.client.get("/readyz").json()["error"]["message"] == "the service is draining"


def test_routes_that_the_app_has_are_its_own() -> None:
    """The app's own /healthz answers; ours are there for the rest; none of them is counted."""
    shop = Shop(Starlette(routes=[Route("/healthz", lambda request: PlainTextResponse("mine"))]))
    assert shop.client.get("/healthz").text == "mine"
    assert shop.client.get("/livez").json() == {"status": "alive"}
    assert shop.count("/healthz", 200) is None


def test_health_can_be_left_out_and_metrics_be_elsewhere() -> None:
    """Without health=, and with another path or none, the app's own 404 answers."""
    shop = Shop(fast(), health=False, metrics_path="/internal/metrics")
    assert [shop.client.get(path).status_code for path in ("/livez", "/metrics")] == [404, 404]
    assert shop.client.get("/internal/metrics").status_code == 200


def test_behind_a_prefix_paths_are_those_of_the_app() -> None:
    """A root path, as proxies and mounts give it, is no part of an endpoint."""
    shop = Shop(fast())
    client = TestClient(shop.app, root_path="/api")
    assert client.get("/api/items/1").status_code == 200
    assert client.get("/api/livez").status_code == 200
    assert shop.count("/items/{id}", 200) == 1


def test_a_sampled_trace_is_the_exemplar_and_others_are_not(shop: Shop) -> None:
    """The latency's exemplar names the caller's trace where the caller records it."""
    shop.client.get("/items/1", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-00"})
    assert TRACE not in shop.client.get("/metrics", headers={"accept": "application/openmetrics-text"}).text
    shop.client.get("/items/1", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    assert TRACE in shop.client.get("/metrics", headers={"accept": "application/openmetrics-text"}).text


def test_metrics_of_ones_own_have_the_apps_name(shop: Shop) -> None:
    """What the process declares is on the same page, with the same service and version."""
    own.counter("tests_of_instrument_total", "Used by this test alone.").inc()
    assert shop.value("tests_of_instrument_total") == 1
