from __future__ import annotations

import asyncio
import http.client
import json
import os
import threading
from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from monitoring import Metrics
from serving.batcher import Limits, Series
from serving.processes.arena import BOARD, Arena, Space, new_memory
from serving.processes.board import Board, PublicBatcher
from serving.runner import Runner

LIMIT = 16
METRICS = Metrics(CollectorRegistry(), {"service": "held", "version": "1"})


@pytest.fixture
def boards() -> tuple[Board, Board]:
    """The same memory twice, as a runner and a worker have it."""
    memory = new_memory(64 * 1024)
    return Board(Arena(os.dup(memory))), Board(Arena(memory))


def test_what_one_process_writes_the_other_reads(boards: tuple[Board, Board]) -> None:
    """Rows and seconds, for each queue its own; at first there is room everywhere."""
    assert [boards[1].read(queue) for queue in range(3)] == [(0, 0)] * 3
    boards[0].write(1, 1024, 60)
    boards[0].write(2, 2**40, 1)
    assert [boards[1].read(queue) for queue in range(3)] == [(0, 0), (1024, 60), (2**40, 1)]
    boards[0].write(1, 0, 0)
    assert boards[1].read(1) == (0, 0)


def test_no_place_for_a_request_lies_on_the_board() -> None:
    """The first place begins behind it, also when all were given back."""
    space = Space(3 * BOARD, BOARD)
    assert (space.take(BOARD), space.take(BOARD), space.take(64)) == (BOARD, 2 * BOARD, None)
    space.give(BOARD, BOARD)
    space.give(2 * BOARD, BOARD)
    assert (space.free, space.take(2 * BOARD)) == (2 * BOARD, BOARD)


class Held:
    """A model that waits to be let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def __call__(self, rows: list[int]) -> list[int]:
        if not self.go.wait(10):
            raise TimeoutError
        return rows


def test_a_queue_says_when_it_is_full_and_when_no_longer(boards: tuple[Board, Board]) -> None:
    """To a worker that comes later, too; requests that were given up make room."""

    async def tell() -> list[int]:
        held, said = Held(), []
        runner = Runner("held", held, Series(METRICS, "held").duration)
        batcher = PublicBatcher(runner, Limits(2, 0.0, 4), METRICS, 3, [boards[0]])
        waiting = [batcher.submit([1, 2])]
        await asyncio.sleep(0)
        waiting += [batcher.submit([at, at]) for at in range(2)]
        said.append(boards[1].read(3)[0])
        late = Board(Arena(new_memory(BOARD)))
        batcher.show(late)
        said.append(late.read(3)[0])
        waiting[1].cancel()
        assert not batcher.full()
        said.append(boards[1].read(3)[0])
        waiting.append(batcher.submit([9, 9]))
        said.append(boards[1].read(3)[0])
        held.go.set()
        await asyncio.gather(*waiting, return_exceptions=True)
        said.append(boards[1].read(3)[0])
        runner.close()
        return said

    assert asyncio.run(tell()) == [4, 4, 0, 4, 0]


def ask_without_a_body(served: Any) -> tuple[int, bytes, str | None]:
    """Send a request's head alone, of a body that never comes: the status, what was said, and when to come again."""
    with served.connect() as client:
        client.sendall(b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n")
        client.settimeout(0.5)
        answer = http.client.HTTPResponse(client)
        try:
            answer.begin()
            return answer.status, answer.read(), answer.getheader("retry-after")
        except TimeoutError:
            return 0, b"", None


def test_a_worker_turns_away_before_the_body_where_the_runners_queue_is_full(
    whole: Callable[..., Any], load: Callable[..., Any], eventually: Any
) -> None:
    """503 and Retry-After for a head alone; over both workers no more rows wait than may; then all is well."""
    served = whole(SERVEWATCH_MAX_QUEUE_ROWS=str(LIMIT))
    one = load(served, "/slow", 80)
    answers = []

    def turned_away() -> bool:
        answers.append(ask_without_a_body(served))
        return answers[-1][0] == 503

    eventually(turned_away, 20)
    _, told, again = answers[-1]
    assert (json.loads(told)["error"]["code"], again) == ("queue_full", "1")
    for _ in range(20):
        assert served.value("servewatch_runner_queue_requests", runner="wait") <= LIMIT
    codes = one.stop()
    assert set(codes) == {200, 503}
    assert one.wrong == []
    assert served.value("servewatch_runner_requests_total", runner="wait", outcome="shed") >= codes[503]
    eventually(lambda: served.post("/slow")[0] == 200, 5)
