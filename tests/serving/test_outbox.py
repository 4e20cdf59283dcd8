"""When answers are written, over a real socket on the test's own event loop: it turns when the test lets it."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from serving.connections import Connection
from serving.outbox import Outbox

REQUEST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
ANSWER = b"content-length: 2\r\n\r\nok"


class Caller:
    """A client, the connection that serves it, and the scope of its request, which the test answers."""

    def __init__(self, outbox: Outbox) -> None:
        self.door, self.outbox = None, outbox
        self.came: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.client, self._served = socket.socketpair()
        self.client.setblocking(False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.came.set_result(scope)
        await asyncio.get_running_loop().create_future()

    async def ask(self) -> Caller:
        """Send a request, and wait until it is to be answered."""
        config = uvicorn.Config(self, http=Connection, log_config=None, lifespan="off")
        config.load()
        config.loaded_app = self
        self.connection = Connection(config, ServerState(), {})
        self._served.setblocking(False)
        await asyncio.get_running_loop().connect_accepted_socket(lambda: self.connection, self._served)
        self.client.sendall(REQUEST)
        self.scope = await self.came
        return self

    def answer(self, alone: bool = False) -> bool:
        return self.connection.answer(self.scope, ANSWER, alone)

    def heard(self) -> bytes:
        """What has come to the client by now."""
        try:
            return self.client.recv(10_000)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        self.client.close()
        self.connection.transport.abort()


def run(scenario: Callable[[Caller, Caller], Awaitable[None]]) -> None:
    """Two clients whose requests are there."""

    async def both() -> None:
        outbox = Outbox()
        callers = [await Caller(outbox).ask(), await Caller(outbox).ask()]
        try:
            await scenario(*callers)
        finally:
            for caller in callers:
                caller.close()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()

    asyncio.run(both())


def test_answers_are_written_together() -> None:
    """Nothing is written before both are there; then both are, whole."""

    async def scenario(one: Caller, two: Caller) -> None:
        assert one.answer()
        assert two.answer()
        assert (one.heard(), two.heard()) == (b"", b"")
        await asyncio.sleep(0)
        for caller in (one, two):
            head, _, body = caller.heard().partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert body == b"ok"

    run(scenario)


def test_who_is_alone_does_not_wait() -> None:
    """Its answer is with the client before the event loop turns."""

    async def scenario(one: Caller, two: Caller) -> None:
        assert one.answer(alone=True)
        assert one.heard().endswith(b"ok")

    run(scenario)


@pytest.mark.parametrize("end", ["shutdown", "garbage", "refusal"])
def test_an_answer_is_written_before_what_comes_in_the_moment_between(end: str) -> None:
    """A server that stops, a client that sends what is no HTTP, a next request that is refused: the answer is first."""

    async def scenario(one: Caller, two: Caller) -> None:
        assert one.answer()
        if end == "shutdown":
            one.connection.shutdown()
        elif end == "garbage":
            one.connection.data_received(b"no HTTP\r\n\r\n")
        else:
            one.connection.turn_away(b"content-length: 0\r\n\r\n")
        said = re.findall(rb"HTTP/1.1 (\d+) ", one.heard())
        assert said == {"shutdown": [b"200"], "garbage": [b"200", b"400"], "refusal": [b"200", b"503"]}[end]

    run(scenario)


def test_who_leaves_in_the_moment_between_disturbs_nobody() -> None:
    """Nothing is written to a connection that is gone, and the other's answer comes."""

    async def scenario(one: Caller, two: Caller) -> None:
        assert one.answer()
        assert two.answer()
        one.connection.transport.abort()
        await asyncio.sleep(0)
        assert two.heard().endswith(b"ok")

    run(scenario)


def test_a_request_is_answered_once() -> None:
    """A second answer, one to another request, and one to a client that has left are not taken."""

    async def scenario(one: Caller, two: Caller) -> None:
        assert one.answer()
        assert not one.answer()
        assert not one.connection.answer(two.scope, ANSWER, False)
        two.connection.transport.abort()
        await asyncio.sleep(0)
        assert not two.answer()

    run(scenario)
