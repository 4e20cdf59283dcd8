"""monitoring/instrument/wsgi.py: an app of Flask."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response
from prometheus_client import CollectorRegistry

from monitoring import instrument

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Shop:
    """An instrumented app, and what its registry says."""

    def __init__(self, app: Flask, **options: Any) -> None:
        self.registry = CollectorRegistry()
        self.app = instrument(app, version="2", registry=self.registry, **options)
        self.client = self.app.test_client()

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """One request whose answer is taken whole, as a server does."""
        return self.client.open(path, method=method, buffered=True, **more)

    def count(self, endpoint: str, code: int) -> float | None:
        labels = {"service": "old_shop", "version": "2", "endpoint": endpoint, "code": str(code)}
        return self.registry.get_sample_value("servewatch_requests_total", labels)

    def running(self, endpoint: str) -> float | None:
        labels = {"service": "old_shop", "version": "2", "endpoint": endpoint}
        return self.registry.get_sample_value("servewatch_requests_in_progress", labels)


def flask() -> Flask:
    app = Flask("old_shop")

    @app.get("/items/<int:id>")
    def item(id: int) -> dict[str, int]:
        return {"id": id}

    @app.get("/boom")
    def boom() -> str:
        raise RuntimeError("boom")

    @app.get("/stream")
    def stream() -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"one"
            yield b"two"

        return Response(pieces())

    @app.get("/broken")
    def broken() -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"one"
            raise RuntimeError("half way")

        return Response(pieces())

    return app


@pytest.fixture
def shop() -> Shop:
    return Shop(flask())


def ask(shop: Shop, path: str) -> Any:
    """What a server does, step by step: the body is taken as the test wants."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "x", "SERVER_PORT": "80", "HTTP_HOST": "x"}
    environ |= {"wsgi.input": io.BytesIO(), "wsgi.errors": io.StringIO(), "wsgi.url_scheme": "http"}
    return shop.app.wsgi_app(environ, lambda status, headers, *more: None)


def test_requests_are_counted_by_rule_and_code(shop: Shop) -> None:
    """The rule is the endpoint, as the app wrote it; what matches none is unknown."""
    for path in ("/items/1", "/items/2", "/items/x", "/nowhere"):
        shop.ask("GET", path)
    assert shop.ask("POST", "/items/1").status_code == 405
    assert shop.count("/items/<int:id>", 200) == 2
    assert (shop.count("unknown", 404), shop.count("unknown", 405)) == (2, 1)
    assert shop.running("/items/<int:id>") == 0


def test_endpoints_are_there_at_0_from_the_first_request(shop: Shop) -> None:
    """Whatever is asked first, each endpoint's answers are shown at 0."""
    shop.ask("GET", "/livez")
    assert [shop.count("/boom", code) for code in (200, 499, 500)] == [0, 0, 0]


def test_an_error_is_a_500_whether_flask_answers_it_or_not(shop: Shop) -> None:
    """As a page of Flask's, or as an exception that goes through to the server."""
    assert shop.ask("GET", "/boom").status_code == 500
    shop.app.testing = True
    with pytest.raises(RuntimeError, match="boom"):
        shop.ask("GET", "/boom")
    assert (shop.count("/boom", 500), shop.running("/boom")) == (2, 0)


def test_a_stream_is_counted_when_its_last_piece_is_taken(shop: Shop) -> None:
    """Until then it is in progress; one that breaks is a 500."""
    body = ask(shop, "/stream")
    pieces = iter(body)
    assert next(pieces) == b"one"
    assert (shop.running("/stream"), shop.count("/stream", 200)) == (1, 0)
    assert list(pieces) == [b"two"]
    body.close()
    assert (shop.running("/stream"), shop.count("/stream", 200)) == (0, 1)
    with pytest.raises(RuntimeError, match="half way"):
        list(ask(shop, "/broken"))
    assert shop.count("/broken", 500) == 1


def test_a_server_that_stops_taking_says_that_the_client_left(shop: Shop) -> None:
    """Closed before its end, an answer is counted as 499."""
    body = ask(shop, "/stream")
    next(iter(body))
    body.close()
    assert (shop.count("/stream", 499), shop.running("/stream")) == (1, 0)


def test_health_and_metrics_are_answered_and_not_counted(shop: Shop) -> None:
    """The same four routes as on any service of ours, unless the app has them."""
    assert shop.ask("GET", "/livez").json == {"status": "alive"}
    assert shop.ask("GET", "/readyz").json == {"status": "ready", "service": "old_shop", "version": "2"}
    assert b"servewatch_requests_total" in shop.ask("GET", "/metrics").data
    assert shop.ask("HEAD", "/healthz").data == b""
    assert shop.count("unknown", 200) is None
    app = flask()
    app.get("/healthz")(lambda: "mine")
    assert Shop(app).ask("GET", "/healthz").data == b"mine"


def test_hooks_of_the_app_run_after_ours(shop: Shop) -> None:
    """A request that the app's own hook refuses is counted under its route."""
    shop.app.before_request(lambda: ("no", 401))
    assert shop.ask("GET", "/items/1").status_code == 401
    assert shop.count("/items/<int:id>", 401) == 1


def test_a_sampled_trace_is_the_exemplar(shop: Shop) -> None:
    """The latency's exemplar names the caller's trace."""
    shop.ask("GET", "/items/1", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    page = shop.ask("GET", "/metrics", headers={"accept": "application/openmetrics-text"})
    assert TRACE in page.text
