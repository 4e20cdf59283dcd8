"""Clients that are slow, silent or rude, over raw sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from serving import api, service

HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n"
LIMIT = 0.4


@service
class Echo:
    """Says it again."""

    @api
    async def echo(self, text: str) -> str:
        return text

    @api
    async def wait(self, text: str) -> str:
        await asyncio.get_running_loop().create_future()
        return text

    @api
    async def flood(self, text: str) -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b"x" * 100_000


@pytest.fixture
def live(serve: Callable[..., Any]) -> Any:
    return serve(Echo, header_timeout=LIMIT, body_timeout=LIMIT)


def all_of(client: socket.socket) -> bytes:
    """All that comes until the server hangs up."""
    client.settimeout(10)
    with contextlib.suppress(ConnectionResetError), client.makefile("rb") as file:
        return file.read()
    return b"reset"


@pytest.mark.parametrize(
    "begin",
    [b"", b"P", b"POST /echo HTTP/1.1\r\nHost: x\r\n", b"\r\n\r\n", HEAD % 2 + b"hiPOST /ec"],
)
def test_a_connection_without_a_whole_head_is_closed_after_the_limit(live: Any, begin: bytes) -> None:
    """No byte, half a head, empty lines, or half a second request: silence ends the connection."""
    with live.connect() as client:
        client.sendall(begin)
        said = all_of(client)
    assert said.count(b"HTTP/1.1") == begin.count(b"hi")


def test_empty_lines_after_an_answer_do_not_keep_a_connection(live: Any) -> None:
    """They end the server's own keep-alive limit, and begin no request: ours counts then."""
    with live.connect() as client:
        client.sendall(HEAD % 2 + b"hi")
        assert client.recv(1000).endswith(b"hi")
        client.sendall(b"\r\n")
        assert all_of(client) == b""


def test_a_head_that_drips_is_closed_after_the_limit(live: Any) -> None:
    """A byte now and then does not begin the time anew."""
    pause, sent = threading.Event(), 0
    with live.connect() as client, contextlib.suppress(OSError):
        client.sendall(b"GET / HTTP/1.1\r\nA: ")
        for _ in range(100):
            client.sendall(b"b")
            sent += 1
            pause.wait(LIMIT / 10)
    assert 5 < sent < 50


def test_a_body_that_stalls_is_408_and_the_connection_is_closed(live: Any) -> None:
    """The answer is JSON with Connection: close; it is counted."""
    with live.connect() as client:
        client.sendall(HEAD % 100 + b"some")
        head, _, body = all_of(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nconnection: close" in head
    assert json.loads(body)["error"]["code"] == "body_late"
    assert live.count(408, "echo") == 1
    assert live.value("servewatch_requests_in_progress", endpoint="echo") == 0


def test_a_body_that_drips_is_408(live: Any) -> None:
    """A byte in each tenth of the limit is not a body that comes: below a least rate it is late."""
    gone = threading.Event()
    with live.connect() as client:
        client.sendall(HEAD % 1000)

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not gone.wait(LIMIT / 10):
                    client.sendall(b"x")

        dripping = threading.Thread(target=drip)
        dripping.start()
        answer = client.recv(1000)
        gone.set()
        dripping.join()
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_large_body_that_takes_longer_than_the_limit_is_read(live: Any) -> None:
    """Whoever keeps sending is not cut off, however long it takes."""
    pause, part = threading.Event(), b"x" * 50_000
    with live.connect() as client:
        client.sendall(HEAD % (20 * len(part)))
        for _ in range(20):
            client.sendall(part)
            pause.wait(LIMIT / 10)
        client.settimeout(10)
        assert client.recv(15).startswith(b"HTTP/1.1 200 OK")


def test_twenty_stalled_uploads_are_gone_after_the_limit_and_disturb_nobody(live: Any, eventually: Any) -> None:
    """Others are served meanwhile; afterwards no connection is left open."""
    with contextlib.ExitStack() as clients:
        stalled = [clients.enter_context(live.connect()) for _ in range(20)]
        for client in stalled:
            client.sendall(HEAD % 100_000 + b"x" * 5000)
        eventually(lambda: live.value("servewatch_requests_in_progress", endpoint="echo") == 20)
        assert live.post("/echo", b"hi", content_type="text/plain").content == b"hi"
        assert all(all_of(client).startswith(b"HTTP/1.1 408 ") for client in stalled)
        eventually(lambda: not live.server.server_state.connections)
    assert (live.count(408, "echo"), live.count(200, "echo")) == (20, 1)


def test_a_stalled_body_of_a_route_that_does_not_read_it_is_closed(live: Any) -> None:
    """GET /livez with half a body has its answer, and no place after the limit."""
    with live.connect() as client:
        client.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nsome")
        assert all_of(client).startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_does_not_read_is_cut_off(live: Any, eventually: Any) -> None:
    """A stream that nobody takes ends after the limit as a client that left: its generator is closed."""
    with live.connect() as client:
        client.sendall(HEAD.replace(b"echo", b"flood") % 1 + b"x")
        eventually(lambda: live.count(499, "flood") == 1)
    assert live.value("servewatch_requests_in_progress", endpoint="flood") == 0


def test_a_client_that_reads_slowly_gets_all(live: Any) -> None:
    """Pauses shorter than the limit are no reason to hang up."""
    pause, tail = threading.Event(), b""
    with live.connect() as client:
        client.sendall(HEAD.replace(b"echo", b"flood") % 1 + b"x")
        for _ in range(6):
            pause.wait(LIMIT / 4)
            assert client.recv(1_000_000), "cut off while it read"
        while not tail.endswith(b"0\r\n\r\n"):
            piece = client.recv(1_000_000)
            assert piece, f"cut off before the end: {tail!r}"
            tail = (tail + piece)[-16:]
    assert live.count(200, "flood") == 1


@pytest.mark.parametrize(
    ("begin", "piece"), [(b"GET /", b"x" * 1000), (b"GET / HTTP/1.1\r\n", b"A: " + b"b" * 1000 + b"\r\n")]
)
def test_a_head_without_end_is_431(live: Any, begin: bytes, piece: bytes) -> None:
    """Of a request's line and headers so much is read and no more, however fast it comes."""
    with live.connect() as client:
        with contextlib.suppress(OSError):
            client.sendall(begin)
            for _ in range(10_000):
                client.sendall(piece)
        said = b""
        with contextlib.suppress(OSError):
            said = client.recv(1000)
    assert said == b"" or said.startswith(b"HTTP/1.1 431 ")
    assert live.post("/echo", b"hi", content_type="text/plain").status == 200


def test_what_is_no_http_is_told_so_in_json(live: Any) -> None:
    """The error is of the same form as every other."""
    with live.connect() as client:
        client.sendall(b"HELLO\r\n\r\n")
        head, _, body = all_of(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert json.loads(body)["error"]["message"] == "what came is not HTTP"


def test_a_request_with_more_behind_it_than_it_says_is_told_so(live: Any) -> None:
    """A Content-Length that is too short leaves bytes that are no request: the client learns of it."""
    with live.connect() as client:
        client.sendall(HEAD % 2 + b"hi there")
        assert b"what came is not HTTP" in all_of(client)


def test_what_is_no_http_is_not_written_into_an_answer(live: Any) -> None:
    """Rubbish that comes while a stream is sent ends the connection, and nothing else is in the stream."""
    with live.connect() as client:
        client.sendall(HEAD.replace(b"echo", b"flood") % 1 + b"x")
        client.recv(100, socket.MSG_WAITALL)
        client.sendall(b"rubbish\r\n\r\n")
        assert b"not HTTP" not in all_of(client)


def test_a_client_that_leaves_with_several_requests_open_is_gone(
    live: Any, eventually: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The request that is worked on ends, though another is behind it, and the log has no error."""
    with live.connect() as client:
        client.sendall(HEAD.replace(b"echo", b"wait") % 1 + b"x" + HEAD % 2 + b"hi")
        eventually(lambda: live.value("servewatch_requests_in_progress", endpoint="wait") == 1)
    eventually(lambda: live.count(499, "wait") == 1)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_kept_connection_that_is_idle_is_left_to_its_own_limit(live: Any) -> None:
    """Between requests the limit of a head does not count: the server's keep-alive does."""
    pause = threading.Event()
    with live.connect() as client:
        for _ in range(2):
            client.sendall(HEAD % 2 + b"hi")
            assert client.recv(1000).endswith(b"hi")
            pause.wait(LIMIT * 2)


def answers_of(live: Any, *requests: bytes) -> list[tuple[list[bytes], bytes]]:
    """The head's lines and the body of each answer to requests that are sent at once, until the server hangs up."""
    with live.connect() as client:
        client.sendall(b"".join(requests))
        said, found = all_of(client), []
    while said:
        head, _, said = said.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.startswith(b"date: ")]
        length = next(int(line.split()[1]) for line in lines if line.startswith(b"content-length: "))
        found.append((lines, said[:length]))
        said = said[length:]
    return found


def test_an_answer_in_one_piece_is_the_one_that_the_server_writes_in_steps(live: Any) -> None:
    """The first of these is written at once; the last, after which the server hangs up, goes through its steps."""
    named = HEAD.replace(b"Host", b"X-Request-Id: same\r\nHost") % 2 + b"hi"
    last = named.replace(b"Host", b"Connection: close\r\nHost")
    (at_once, first), (in_steps, second) = answers_of(live, named, last)
    assert first == second == b"hi"
    assert at_once[0] == b"HTTP/1.1 200 OK"
    assert in_steps == [*at_once, b"connection: close"]


def test_requests_sent_at_once_are_answered_in_their_order(live: Any) -> None:
    """Each with its own id and body, also where the connection knows of later ones already."""
    sent = [HEAD.replace(b"Host", b"X-Request-Id: r%d\r\nHost" % n) % 2 + b"%02d" % n for n in range(20)]
    sent[-1] = sent[-1].replace(b"Host", b"Connection: close\r\nHost")
    answers = answers_of(live, *sent)
    assert [body for _, body in answers] == [b"%02d" % n for n in range(20)]
    assert all(b"x-request-id: r%d" % n in lines for n, (lines, _) in enumerate(answers))


@pytest.mark.parametrize("end", [b"hi", b""], ids=["in the end", "never"])
def test_the_time_that_a_client_takes_to_send_is_not_the_services(
    serve: Callable[..., Any], eventually: Callable[..., Any], end: bytes
) -> None:
    """A body that comes an hour after its head, or does not come, is in the histogram as if it had come at once."""
    live, hours = serve(Echo, header_timeout=LIMIT, body_timeout=LIMIT if not end else 10, request_timeout=0), [0.0]
    live.app._handlers["/echo"]._clock = lambda: hours[0]
    with live.connect() as client:
        client.sendall(HEAD % 2)
        eventually(lambda: live.value("servewatch_requests_in_progress", endpoint="echo") == 1)
        hours[0] = 3600.0
        client.sendall(end)
        assert eventually(lambda: live.count(200 if end else 408, "echo") == 1)
    assert live.value("servewatch_request_duration_seconds_count", endpoint="echo") == 1
    assert live.value("servewatch_request_duration_seconds_sum", endpoint="echo") == 0
