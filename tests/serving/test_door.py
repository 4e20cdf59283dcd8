"""Who is turned away at the door of a full service, over raw sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from serving import api, service
from serving.door import Door

GATE = threading.Semaphore(0)
REQUEST = b"POST /double HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n%b"


def request(body: bytes = b"[1]", more: bytes = b"") -> bytes:
    return REQUEST % (more, len(body), body)


@service
class Slow:
    """Doubles, when it is let."""

    @api(batch=True, max_rows=1)
    def double(self, rows: list[float]) -> list[float]:
        GATE.acquire(timeout=20)
        return [2 * row for row in rows]


class Crowd:
    """A service whose one runner is busy, whose queue of one is full, and which has turned one away."""

    def __init__(self, live: Any, eventually: Callable[..., Any]) -> None:
        self.live, self.eventually = live, eventually
        self.waiting = [self.send(request())]
        eventually(lambda: live.value("servewatch_runner_requests_in_progress", runner="double") == 1)
        self.waiting.append(self.send(request()))
        eventually(lambda: live.value("servewatch_runner_queue_requests", runner="double") == 1)
        assert live.post("/double", [1]).status == 503
        assert not live.app.door.open

    def send(self, data: bytes) -> socket.socket:
        client = self.live.connect()
        client.sendall(data)
        return client


@pytest.fixture
def crowd(serve: Callable[..., Any], eventually: Callable[..., Any]) -> Iterator[Crowd]:
    while GATE.acquire(blocking=False):
        pass
    crowd = Crowd(serve(Slow, max_queue_rows=1), eventually)
    yield crowd
    GATE.release(100)
    for client in crowd.waiting:
        client.close()


def answer(client: socket.socket) -> tuple[int, dict[str, str], Any]:
    """One whole answer; the connection stays."""
    file = client.makefile("rb")
    status = int(file.readline().split()[1])
    headers = {}
    while line := file.readline().strip():
        name, _, value = line.decode().partition(": ")
        headers[name] = value
    return status, headers, json.loads(file.read(int(headers["content-length"])))


def test_the_door_says_what_the_queue_says(crowd: Crowd) -> None:
    """503 with a Retry-After, the client's request id, the same body and the same counts as from the queue itself."""
    at_queue = crowd.live.post("/double", [1], traceparent="00-" + "a" * 32 + "-" + "b" * 16 + "-00")
    shed = crowd.live.value("servewatch_runner_requests_total", runner="double", outcome="shed")
    with contextlib.closing(crowd.send(request(more=b"X-Request-Id: mine\r\n"))) as client:
        status, headers, body = answer(client)
    assert (status, headers["x-request-id"], headers["retry-after"]) == (503, "mine", "1")
    assert body == at_queue.json()
    assert crowd.live.value("servewatch_runner_requests_total", runner="double", outcome="shed") == shed + 1
    assert crowd.live.count(503, "double") == 3


def test_every_refused_request_gets_an_id_of_its_own(crowd: Crowd) -> None:
    """Clients that give none are told different ones."""
    clients = [crowd.send(request()) for _ in range(5)]
    ids = {answer(client)[1]["x-request-id"] for client in clients}
    assert len(ids) == 5
    for client in clients:
        client.close()


def test_a_refused_connection_goes_on(crowd: Crowd, eventually: Callable[..., Any]) -> None:
    """What was sent while the refusal was held is served after it; once nobody is refused any more the door is open."""
    crowd.live.app.door.hold, crowd.live.app.door.calm = 0.5, 0.0
    with contextlib.closing(crowd.send(request())) as client:
        eventually(lambda: crowd.live.app.door._held)
        client.sendall(request())
        assert answer(client)[0] == 503
        assert answer(client)[0] == 503
        GATE.release(3)
        eventually(lambda: crowd.live.value("servewatch_runner_requests_in_progress", runner="double") == 0)
        client.sendall(request(b"[4]"))
        status, _, body = answer(client)
    assert (status, body) == (200, [8])
    assert crowd.live.app.door.open


@pytest.mark.parametrize(
    "data",
    [
        request(more=b"Connection: close\r\n"),
        request(more=b"Expect: 100-continue\r\n"),
        b"POST /double HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]\r\n0\r\n\r\n",
        b"POST /double HTTP/1.1\r\nHost: x\r\n\r\n",
        request(b"[1]") + request(b"[2]"),
    ],
    ids=["close", "expect", "chunked", "no length", "two at once"],
)
def test_what_needs_care_is_parsed(crowd: Crowd, data: bytes) -> None:
    """A request that is more than a plain one takes the long way, and is turned away all the same."""
    with contextlib.closing(crowd.send(data)) as client:
        assert answer(client)[0] == 503


@pytest.mark.parametrize("line", [b"Connection: keep-alive\r\n", b"Traceparent: x\r\n"])
def test_what_most_clients_send_meets_the_door(crowd: Crowd, eventually: Callable[..., Any], line: bytes) -> None:
    """A client that says that it will keep the connection, and one that is traced where we are not, are held too."""
    crowd.live.app.door.hold = 0.5
    with contextlib.closing(crowd.send(request(more=line))) as client:
        assert eventually(lambda: crowd.live.app.door._held)
        assert answer(client)[0] == 503


def test_a_request_of_a_trace_goes_the_long_way_where_we_trace(crowd: Crowd) -> None:
    """Its span tells what became of it."""
    crowd.live.app.door.shut(traced=True)
    crowd.live.app.door.hold = 60.0
    with contextlib.closing(crowd.send(request(more=b"traceparent: x\r\n"))) as client:
        assert answer(client)[0] == 503


def test_a_client_that_is_refused_again_and_again_keeps_its_connection(
    serve: Callable[..., Any], eventually: Any
) -> None:
    """It is told each time, for longer than a client may take for a head: while it is held it waits for us."""
    while GATE.acquire(blocking=False):
        pass
    crowd = Crowd(serve(Slow, max_queue_rows=1, header_timeout=0.3), eventually)
    crowd.live.app.door.hold = 0.05
    try:
        with contextlib.closing(crowd.send(request())) as client:
            for _ in range(20):
                assert answer(client)[0] == 503
                client.sendall(request())
            assert answer(client)[0] == 503
    finally:
        GATE.release(100)
        for waiting in crowd.waiting:
            waiting.close()


def test_whoever_met_the_door_only_has_spoken(crowd: Crowd) -> None:
    """A server that stops need not wait for its first words."""
    with contextlib.closing(crowd.send(request())) as client:
        assert answer(client)[0] == 503
        silent = [connection.silent for connection in crowd.live.server.server_state.connections]
    assert silent == [False] * len(silent)


def test_other_routes_know_no_crowd(crowd: Crowd) -> None:
    """Health answers while an endpoint turns requests away; a path that is none is not found."""
    assert crowd.live.get("/healthz").status == 200
    assert crowd.live.post("/nothing", [1]).status == 404


def test_whoever_leaves_before_the_refusal_is_counted_as_gone(crowd: Crowd, eventually: Callable[..., Any]) -> None:
    """499, not 503."""
    crowd.live.app.door.hold = 0.5
    crowd.send(request()).close()
    assert eventually(lambda: crowd.live.count(499, "double") == 1)


def test_a_server_that_stops_answers_whom_it_holds(crowd: Crowd, eventually: Callable[..., Any]) -> None:
    """The refusal is not lost when the server ends in that moment."""
    crowd.live.app.door.hold = 0.5
    with contextlib.closing(crowd.send(request())) as client:
        eventually(lambda: crowd.live.app.door._held)
        crowd.live.server.should_exit = True
        GATE.release(100)
        assert answer(client)[0] == 503


class Bench:
    """A stool for so many, that notes who was turned away: a room and a visitor."""

    gone, queues = False, ("double",)

    def __init__(self, places: int) -> None:
        self.places, self.answers, self.now = places, 0, 0.0

    def crowded(self, coming: int = 0) -> bool:
        return coming >= self.places

    def refuse(self, count: int) -> tuple[dict[str, Any], dict[str, str]]:
        return {}, {}

    def count_refused(self, seconds: float, gone: bool) -> None:
        """Not counted here."""

    def turn_away(self, headers_and_body: bytes) -> None:
        self.answers += 1


async def burst(door: Door, bench: Bench, requests: int) -> int:
    """How many of so many requests, which are read before any of them begins, the door turns away."""
    refused = sum(door.refuses(bench, request()) for _ in range(requests))
    await asyncio.sleep(0)
    return refused


def test_no_more_of_a_burst_are_let_in_than_there_is_room_for() -> None:
    """Requests that are read one after the other find places for so many; the next burst finds them again.

    The queue hears of them only after all have been read: those beyond its room would be parsed, begun, and then
    turned away at a hundred times the price.
    """

    async def two_bursts() -> tuple[int, int]:
        bench = Bench(3)
        door = Door({"/double": bench}, lambda: 0.0)  # type: ignore[dict-item]
        door.shut()
        refused = await burst(door, bench, 10), await burst(door, bench, 4)
        door.answer_all()
        assert bench.answers == 8
        return refused

    assert asyncio.run(two_bursts()) == (7, 1)


def test_the_door_opens_when_nobody_was_refused_for_a_while() -> None:
    """Until then it looks at who comes, though there is room: a crowd comes in waves."""

    async def waves() -> list[bool]:
        bench, seen = Bench(1), []
        door = Door({"/double": bench}, lambda: bench.now)  # type: ignore[dict-item]
        door.shut()
        for bench.now, requests in ((0.5, 2), (1.4, 1), (1.6, 1)):
            await burst(door, bench, requests)
            seen.append(door.open)
        door.answer_all()
        return seen

    assert asyncio.run(waves()) == [False, False, True]


def test_a_flood_of_refusals_leaves_nothing_behind(crowd: Crowd, eventually: Callable[..., Any]) -> None:
    """Two hundred clients are all answered, all counted, and none is held any more."""
    clients = [crowd.send(request(json.dumps(np.arange(3).tolist()).encode())) for _ in range(200)]
    assert {answer(client)[0] for client in clients} == {503}
    assert crowd.live.app.door._held == {}
    assert crowd.live.count(503, "double") == 201
    for client in clients:
        client.close()
