"""How fast a runner is, and what those learn of it who are turned away."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest

from serving import NDArray, api, batched, service
from serving.pace import LONGEST, Pace

Rows = Annotated[np.ndarray, NDArray("float32", ("N",))]
HEAD = b"POST /rows HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@service
class Crowded:
    """A runner that the test holds."""

    def __init__(self) -> None:
        self.entered, self.let_go = threading.Semaphore(0), threading.Semaphore(0)
        self.held = True

    @batched(max_rows=8)
    def double(self, rows: np.ndarray) -> np.ndarray:
        self.entered.release()
        if self.held:
            assert self.let_go.acquire(timeout=10)
        return rows * 2

    @api
    async def rows(self, rows: Rows) -> Rows:
        return await self.double(rows)

    @api
    async def free(self, rows: Rows) -> int:
        return len(rows)

    @api
    async def either(self, rows: Rows) -> list[Any]:
        return [await self.double(rows) for _ in range(1)] + [await self.triple(rows)]

    @batched()
    def triple(self, rows: np.ndarray) -> np.ndarray:
        return rows * 3


@pytest.fixture
def live(serve: Callable[..., Any]) -> Any:
    return serve(Crowded, max_queue_rows=8)


@contextlib.contextmanager
def crowd(live: Any, eventually: Any) -> Iterator[None]:
    """Within, the runner is busy and its queue full; then all are served."""
    crowded, answers = live.lifecycle.instance, []
    ask = lambda rows: answers.append(live.post("/rows", [1] * rows).status)  # noqa: E731
    clients = [threading.Thread(target=ask, args=(rows,)) for rows in (1, 8)]
    clients[0].start()
    assert crowded.entered.acquire(timeout=10)
    clients[1].start()
    eventually(lambda: live.value("servewatch_runner_queue_requests", runner="double") == 1)
    yield
    crowded.held = False
    crowded.let_go.release()
    for client in clients:
        client.join()
    assert answers == [200, 200]


def test_a_full_queue_turns_away_before_the_body_is_read(live: Any, eventually: Any) -> None:
    """The answer is there while the body is still to come; it counts as shed; other endpoints go on."""
    with crowd(live, eventually):
        with live.connect() as client:
            client.sendall(HEAD % 900 + b"[")
            assert client.recv(1000).startswith(b"HTTP/1.1 503 ")
        shed = live.post("/rows", b"no json")
        assert (shed.status, shed.error["code"], shed.headers["retry-after"]) == (503, "queue_full", "1")
        assert live.post("/free", [1, 2]).json() == 2
        assert live.value("servewatch_runner_requests_total", runner="double", outcome="shed") == 2
    assert live.post("/rows", b"no json").status == 400
    assert live.count(503, "rows") == 2


def test_an_endpoint_with_a_way_that_is_free_is_not_turned_away_at_the_door(live: Any, eventually: Any) -> None:
    """Only where each queue that its code names is full is it known that there is no place."""
    with crowd(live, eventually):
        assert live.post("/either", b"no json").status == 400
        assert live.post("/either", [1]).status == 503


def test_a_connection_goes_on_after_it_was_turned_away(live: Any, eventually: Any) -> None:
    """The body that nobody read is not taken for the next request, whether it came before the answer or after."""
    with live.connect() as client:
        with crowd(live, eventually):
            for _ in range(3):
                client.sendall(HEAD % 400)
                assert client.recv(1000).startswith(b"HTTP/1.1 503 ")
                client.sendall(b"x" * 400 + HEAD % 400 + b"x" * 400)
                assert client.recv(1000).startswith(b"HTTP/1.1 503 ")
        client.sendall(HEAD % 3 + b"[1]")
        assert client.recv(1000).endswith(b"[2.0]")


def test_retry_after_is_when_the_queue_will_have_been_served(live: Any, eventually: Any) -> None:
    """At 2 rows a second, 8 rows that wait take 4 s; the help says the same."""
    pace = live.lifecycle.batchers["double"]._pace
    with crowd(live, eventually):
        pace._rows, pace._seconds = 200_000.0, 99_000.0
        shed = live.post("/rows", [1])
        assert (shed.headers["retry-after"], shed.error["help"][:16]) == ("4", "try again in 4 s")


def test_before_anything_was_served_it_is_a_second() -> None:
    """Nothing is known: the least that may be said."""
    assert Pace().seconds_for(1000, 5.0) == 1


def test_the_wait_is_rows_over_rows_a_second_rounded_up() -> None:
    """100 rows a second: 250 rows take 3 s, 10 rows take 1."""
    pace = Pace()
    pace.begin(0.0)
    pace.end(100, 1.0)
    assert pace.seconds_for(250, 1.0) == 3
    assert pace.seconds_for(10, 1.0) == 1


def test_idle_time_does_not_count() -> None:
    """A runner that had nothing to do for an hour is as fast as it was."""
    pace = Pace()
    for start in (0.0, 3600.0):
        pace.begin(start)
        pace.end(10, start + 1.0)
    assert pace.seconds_for(50, 9999.0) == 5


def test_two_threads_at_once_serve_twice_as_much() -> None:
    """Batches that run side by side share their time."""
    pace = Pace()
    for _ in range(2):
        pace.begin(0.0)
    pace.end(10, 1.0)
    pace.end(10, 1.0)
    assert pace.seconds_for(100, 1.0) == 5


def test_a_batch_that_hangs_makes_the_wait_longer() -> None:
    """While it runs its time counts, up to the longest wait that is asked of anybody."""
    pace = Pace()
    pace.begin(0.0)
    pace.end(10, 1.0)
    pace.begin(1.0)
    assert pace.seconds_for(10, 1.0) == 1
    assert pace.seconds_for(10, 5.0) == 5
    assert pace.seconds_for(10, 500.0) == LONGEST


def test_a_first_batch_that_hangs_is_waited_for_as_long_as_it_has_run() -> None:
    """Without any row served, the time so far is the best guess."""
    pace = Pace()
    pace.begin(0.0)
    assert pace.seconds_for(10, 7.5) == 8


def test_the_pace_is_that_of_late() -> None:
    """A runner that has become ten times slower is soon known to be."""
    pace, now = Pace(), 0.0
    for seconds in [1.0] * 100 + [10.0] * 100:
        pace.begin(now)
        now += seconds
        pace.end(10, now)
    assert 9 <= pace.seconds_for(10, now) <= 10
