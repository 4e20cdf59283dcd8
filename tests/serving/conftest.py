"""Fixtures for the server's tests: a service on a real port, clients of it, and waiting with a deadline."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from serving import Settings, create_app
from serving.server import Server, _config, listen
from tests.serving.held import Bench, Held


def wait_until(check: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What the check gives as soon as it is true; a failure when it is not true in time."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while not (found := check()):
        if time.monotonic() > deadline:
            pytest.fail(f"not true within {seconds} s")
        pause.wait(0.005)
    return found


class Answer:
    """An HTTP answer that was read whole."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.content = response.read()
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> dict[str, str]:
        return self.json()["error"]


class Live:
    """A service that runs on a port of its own, on a thread."""

    def __init__(self, service: type, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        self.app = create_app(service, settings, self.registry)
        self.lifecycle = self.app.lifecycle
        self.name, self.version = self.lifecycle.definition.name, self.lifecycle.definition.version
        self.socket = listen("127.0.0.1", 0, "--port")
        self.port = self.socket.getsockname()[1]
        self.server = Server(_config(self.app, settings), self.app)
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.socket]})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, ready: bool = True) -> Live:
        self.thread.start()
        wait_until(lambda: self.server.started)
        if ready:
            wait_until(lambda: self.lifecycle.state == "ready")
        return self

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(timeout=15)
        assert not self.thread.is_alive()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request on a connection of its own; underscores in header names are hyphens."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if not isinstance(body, bytes | None):
            sent.setdefault("content-type", "application/json")
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            # A server that refuses a large body does not read it to the end; its answer is there all the same.
            with contextlib.suppress(BrokenPipeError):
                connection.request(method, path, data, sent)
            return Answer(connection.getresponse())

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, None, **headers)

    def value(self, name: str, **labels: str) -> float | None:
        """A sample of the service's registry."""
        return self.registry.get_sample_value(name, {"service": self.name, "version": self.version, **labels})

    def count(self, code: int, endpoint: str) -> float:
        return self.value("servewatch_requests_total", code=str(code), endpoint=endpoint) or 0.0


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """`eventually(check)` waits until the check is true."""
    return wait_until


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Live]]:
    """`serve(Service, **settings)` gives the service on a port; it ends with the test.

    Without warm-up calls unless they are asked for: many tests count the calls of a model, or hold it.
    """
    running: list[Live] = []

    def start(service: type, ready: bool = True, **options: Any) -> Live:
        settings = Settings.load({}, home=tmp_path, metrics_port=0, **{"warmup": "off", **options})
        running.append(live := Live(service, settings))
        return live.start(ready)

    yield start
    for live in running:
        live.stop()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """`free_port()` gives a port that nothing listens on."""

    def find() -> int:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return find


@pytest.fixture
def held() -> Held:
    """A model that answers when the test lets it."""
    return Held()


@pytest.fixture
def bench(held: Held) -> Iterator[Bench]:
    """A batcher over that model."""
    bench = Bench(held)
    yield bench
    held.let_go(100)
    bench.runner.close()
