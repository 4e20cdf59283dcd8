"""Thousands of requests that no client of good will sends, over raw sockets, and what is left of them."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import BaseModel

from serving import Image, NDArray, api, batched, service

CONNECTIONS, AT_ONCE = 2500, 150
LAST = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Z]")
Rows = Annotated[np.ndarray, NDArray("float32", ("N", 2))]


class Order(BaseModel):
    """Something to be checked."""

    name: str
    count: int = 1


@service
class Target:
    """An endpoint of each kind."""

    @batched(max_rows=8)
    def double(self, rows: np.ndarray) -> np.ndarray:
        return rows * 2

    @api
    async def rows(self, rows: Rows, plus: float = 0.0) -> Rows:
        return await self.double(rows) + plus

    @api
    def picture(self, photo: Annotated[np.ndarray, Image(mode="L", size=(2, 2))]) -> int:
        return int(photo.sum())

    @api
    async def order(self, order: Order) -> Order:
        return order

    @api
    async def words(self, text: str) -> AsyncIterator[str]:
        for word in text.split():
            yield word

    @api
    def letters(self, text: str) -> Iterator[str]:
        yield from text


METHODS = [b"GET", b"HEAD", b"OPTIONS", b"PUT", b"CONNECT", b"TRACE", b"post", b"P\0ST", b"", b"PRI"]
GOOD = [b"/rows", b"/rows?plus=1", b"/picture", b"/order", b"/words", b"/letters"]
PATHS = [
    b"http://x/rows", b"http://[::1", b"//", b"/rows/../order", b"/%2e%2e/", b"/r\xc3\xb6ws", b"/\xff", b"/rows#x",
    b"/docs", b"/metrics", b"/openapi.json", b"/" + b"a" * 5000, b"/rows?" + b"a=b&" * 2000, b"/a b", b"*", b"",
    b"/rows?plus=nan&plus=%00", b"/rows?plus=%ff", b"/livez", b"/readyz",
]  # fmt: skip
VERSIONS = [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"", b"HTTP/1.1\0", b"ICY"]
READ = [b"application/json", b"application/x-npy", b"image/png", b"multipart/form-data; boundary=x", b"text/plain"]
TYPES = [
    b"multipart/form-data; boundary=" + b"-" * 3000, b"application/json; charset=utf-16", b"\xff\xfe", b"", b";;",
]  # fmt: skip
HEADERS = [
    b"Expect: 100-continue", b"Expect: 200-maybe", b"Connection: close", b"Connection: Upgrade\r\nUpgrade: websocket",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c", b"Accept: text/event-stream", b"Accept: application/x-npy",
    b"Request-Timeout: 1e-9", b"Request-Timeout: -5", b"Request-Timeout: \xff", b"X-Request-Id: a\tb", b"Host: y",
    b"traceparent: 00-" + b"f" * 32 + b"-" + b"f" * 16 + b"-01", b"Content-Encoding: gzip", b"X: " + b"y" * 20_000,
    b"X-Servewatch-Fault: error", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: identity", b": empty",
    b" folded: line", b"No colon", b"N\0l: x", b"X: a\0b", b"X-Forwarded-For: " + b"1.1.1.1, " * 50, b"Te: trailers",
]  # fmt: skip
PIECES = [
    b"[", b"]", b"[[1,2]]", b"1", b",", b"-", b"1e999", b'"', b"{", b"}", b'{"name":"x"}', b"null", b"NaN", b"\0",
    b"\xff", b"\x93NUMPY\x01\x00v\x00{'descr':'<f4','fortran_order':False,'shape':(1,2)}\n", b"\x89PNG\r\n\x1a\n",
    b"--x\r\n", b"--x--", b'Content-Disposition: form-data; name="photo"\r\n\r\n', b"\r\n", b"[" * 2000, b"0" * 5000,
]  # fmt: skip
CHUNKS = [b"%x\r\n%b\r\n", b"%x;ext=1\r\n%b\r\n", b"0%x\r\n%b\r\n", b"%xg\r\n%b\r\n", b"-%x\r\n%b\r\n", b"%x\n%b\n"]
ENDS = [b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n", b"", b"fffffffffffffffff\r\n"]


def often(dice: random.Random, good: list[bytes], bad: list[bytes]) -> bytes:
    """One of the good nine times in ten: what is refused at the first look tests nothing behind it."""
    return dice.choice(good if dice.random() < 0.9 else bad)


def length(dice: random.Random, size: int) -> bytes:
    """A Content-Length header: mostly the true one."""
    odd = [b"-%d", b"+%d", b"0x%x", b"%d, 5", b"%d0", b"%d" + b"0" * 30, b" %d ", b"%d\r\nContent-Length: 1"]
    return b"Content-Length: " + often(dice, [b"%d"], odd) % size


def framed(dice: random.Random, body: bytes) -> tuple[list[bytes], bytes]:
    """The headers that say how the body comes, and the body as it comes."""
    if dice.random() < 0.7:
        return [length(dice, len(body))], body
    parts = [body[at : at + 70] for at in range(0, len(body), 70)]
    chunked = b"".join(often(dice, CHUNKS[:1], CHUNKS) % (len(part), part) for part in parts)
    both = [length(dice, len(body))] if dice.random() < 0.1 else []
    return [b"Transfer-Encoding: chunked", *both], chunked + often(dice, ENDS[:1], ENDS)


def request(dice: random.Random) -> bytes:
    """One request, wrong in some ways and right in others."""
    body = b"".join(dice.choices(PIECES, k=dice.choice([0, 1, 1, 1, 2, 5])))
    how, body = framed(dice, body)
    headers = [b"Host: x", b"Content-Type: " + often(dice, READ, TYPES), *how]
    if dice.random() < 0.2:
        headers += dice.sample(HEADERS, 2)
    line = b" ".join([often(dice, [b"POST"], METHODS), often(dice, GOOD, PATHS), often(dice, [b"HTTP/1.1"], VERSIONS)])
    whole = b"\r\n".join([line, *headers, b"", body])
    if dice.random() < 0.05:
        at = dice.randrange(len(whole))
        whole = whole[:at] + dice.choice([b"\0", b"\xff", b"\n", b"\r", b"", b" "]) + whole[at + 1 :]
    return whole[: dice.randrange(len(whole))] if dice.random() < 0.05 else whole


async def send(port: int, data: bytes) -> bytes:
    """All that comes until the server hangs up, as it must."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = b""
    try:
        writer.write(data)
        while more := await asyncio.wait_for(reader.read(100_000), 10):
            said += more
    except (ConnectionResetError, BrokenPipeError):
        pass
    finally:
        writer.transport.abort()
    return said


async def attack(port: int, loads: list[bytes]) -> list[bytes]:
    """What came back for each load, many at once."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(load: bytes) -> bytes:
        async with room:
            return await send(port, load)

    return await asyncio.gather(*(one(load) for load in loads))


def test_thousands_of_malformed_requests(serve: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    """No 5xx but what a client's own Request-Timeout asks for, no hang, no error in the log, nothing left behind."""
    live, dice = serve(Target, header_timeout=0.3, body_timeout=0.3, max_body_bytes=20_000), random.Random(11)
    live.server.config.timeout_keep_alive = 1
    loads = [b"".join(request(dice) for _ in range(dice.choice([1, 1, 2, 4]))) + LAST for _ in range(CONNECTIONS)]
    answers = asyncio.run(attack(live.port, loads))
    statuses = {int(status) for answer in answers for status in STATUS.findall(answer)}
    assert {status for status in statuses if status >= 500} <= {504}
    assert {200, 400, 404, 405, 408, 415, 422} <= statuses
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    endpoints = ("rows", "picture", "order", "words", "letters")
    assert [live.value("servewatch_requests_in_progress", endpoint=name) for name in endpoints] == [0] * 5
    assert [live.count(500, name) for name in endpoints] == [0] * 5
    assert live.post("/rows", [[1, 2]]).json() == [[2, 4]]
    assert live.post("/letters", b"abc", content_type="text/plain").content == b"abc"
