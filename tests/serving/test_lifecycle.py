from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pytest

from serving import NDArray, api, service, use
from serving.errors import ModelNotFound

Rows = Annotated[np.ndarray, NDArray("float32", ("N",))]
Serve = Callable[..., Any]


@service(name="slow")
class Slow:
    """Takes its time to start."""

    go = threading.Event()

    def __init__(self) -> None:
        assert Slow.go.wait(10)

    @api(batch=True)
    def double(self, rows: Rows) -> Rows:
        return rows * 2


@service(name="lost")
class Lost:
    """Uses a model that is not there."""

    model = use("nowhere")

    @api(batch=True)
    def double(self, rows: Rows) -> Rows:
        return rows * 2


@pytest.fixture
def slow(serve: Serve) -> Any:
    Slow.go.clear()
    yield serve(Slow, ready=False)
    Slow.go.set()


def test_a_starting_service_answers_that_it_is_starting(slow: Any, eventually: Any) -> None:
    """While the model loads: /livez is 200, /readyz and endpoints are 503 with the reason; then all is well."""
    assert slow.get("/livez").status == 200
    for answer in (slow.get("/readyz"), slow.post("/double", [1])):
        assert (answer.status, answer.error["message"]) == (503, "the model is loading")
        assert answer.headers["retry-after"] == "1"
    Slow.go.set()
    eventually(lambda: slow.get("/readyz").status == 200)
    assert slow.post("/double", [1]).json() == [2]


def test_a_runners_series_are_there_while_the_model_loads(slow: Any) -> None:
    """A scrape of a starting service has each runner's series at 0."""
    assert slow.value("servewatch_runner_requests_total", runner="double", outcome="ok") == 0
    assert slow.value("servewatch_runner_dispatches_total", runner="double", reason="full") == 0
    assert slow.value("servewatch_runner_duration_seconds_count", runner="double") == 0


def test_a_service_that_is_stopped_while_it_loads_ends_at_once_and_without_error(slow: Any) -> None:
    """Nobody waits for a model that nobody will use, and to be stopped is no failure."""
    slow.server.should_exit = True
    slow.thread.join(timeout=5)
    assert not slow.thread.is_alive()
    assert slow.lifecycle.error is None


def test_a_model_that_cannot_be_loaded_leaves_the_service_not_ready(serve: Serve, eventually: Any) -> None:
    """The error is kept for the process to end with; until then the service says that it failed."""
    live = serve(Lost, ready=False)
    eventually(lambda: live.lifecycle.state == "failed")
    assert isinstance(live.lifecycle.error, ModelNotFound)
    assert live.value("servewatch_model_load_failures_total") == 1
    answer = live.get("/readyz")
    assert (answer.status, answer.error["message"]) == (503, "the service is failed")
    assert live.post("/double", [1]).status == 503


def test_a_dead_runner_is_told_by_readiness(serve: Serve) -> None:
    """/readyz names the runner that is down."""
    Slow.go.set()
    live = serve(Slow)
    live.lifecycle.batchers["double"].runner.close()
    assert live.get("/readyz").error["message"] == "runner 'double' is down"


def test_the_event_loops_lag_is_observed(serve: Serve, eventually: Any) -> None:
    """A running service keeps measuring how late its loop is."""
    Slow.go.set()
    live = serve(Slow)
    assert eventually(lambda: live.value("servewatch_event_loop_lag_seconds_count")) >= 1


def test_a_request_runs_to_its_end_while_the_service_drains(serve: Serve) -> None:
    """Draining still answers what comes on open connections."""
    Slow.go.set()
    live = serve(Slow)
    live.lifecycle.drain()
    answer = live.post("/double", [1, 2])
    assert (answer.status, answer.json(), answer.headers["connection"]) == (200, [2, 4], "close")
