"""A load client of our own, for what wrk cannot do: a fixed rate, and each answer's status with its time.

A request's time counts from when it was due, so that a server which makes others wait is seen to.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

STATUS = slice(9, 12)


@dataclass
class Met:
    """Seconds that answers took, by status."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    lost: int = 0

    def add(self, status: int, taken: float) -> None:
        self.seconds.setdefault(status, []).append(taken)

    def quantile(self, status: int, level: float) -> float:
        """Milliseconds within which that share of the answers of a status came."""
        found = sorted(self.seconds.get(status, ()))
        return found[min(len(found) - 1, int(level * len(found)))] * 1e3 if found else float("nan")

    def count(self, status: int) -> int:
        return len(self.seconds.get(status, ()))


class Connection(asyncio.Protocol):
    """One keep-alive connection; `answered` is called with it and the status when an answer is whole."""

    def __init__(self, answered: Callable[[Connection, int], None], lost: Callable[[], None]) -> None:
        self._answered, self._lost = answered, lost
        self._came = b""
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self._lost()

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        self._transport.write(request)

    def close(self) -> None:
        self._lost = lambda: None
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, found, body = self._came.partition(b"\r\n\r\n")
        if not found or not _whole(head, body):
            return
        self._came = b""
        self._answered(self, int(head[STATUS]))


def _whole(head: bytes, body: bytes) -> bool:
    lower = head.lower()
    at = lower.find(b"content-length:")
    if at >= 0:
        return len(body) >= int(lower[at + 15 :].split(b"\r\n", 1)[0])
    return body.endswith(b"0\r\n\r\n")


def request(path: str, body: bytes, media: str) -> bytes:
    """The bytes of one POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def closed_loop(port: int, sent: bytes, connections: int, seconds: float) -> Met:
    """So many clients, each of which asks again as soon as it is answered."""
    met = Met()
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds

    def answered(connection: Connection, status: int) -> None:
        now = time.perf_counter()
        met.add(status, now - connection.due)
        if now < until:
            connection.send(sent, now)

    def lost() -> None:
        met.lost += 1

    made = [
        (await loop.create_connection(lambda: Connection(answered, lost), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    for connection in made:
        connection.send(sent, time.perf_counter())
    await asyncio.sleep(seconds)
    for connection in made:
        connection.close()
    return met


async def open_loop(port: int, sent: bytes, rate: float, seconds: float, connections: int = 256) -> Met:
    """So many requests a second, whatever the server does; over `connections` that wait, the rest queue here."""
    met = Met()
    loop = asyncio.get_running_loop()
    free: deque[Connection] = deque()
    due: deque[float] = deque()

    def answered(connection: Connection, status: int) -> None:
        met.add(status, time.perf_counter() - connection.due)
        if due:
            connection.send(sent, due.popleft())
        else:
            free.append(connection)

    def lost() -> None:
        met.lost += 1

    for _ in range(connections):
        free.append((await loop.create_connection(lambda: Connection(answered, lost), "127.0.0.1", port))[1])
    everyone = list(free)
    start = time.perf_counter()
    for number in range(int(rate * seconds)):
        at = start + number / rate
        while (ahead := at - time.perf_counter()) > 0:  # noqa: ASYNC110 - a clock is all that there is to wait for
            await asyncio.sleep(ahead if ahead > 0.001 else 0)
        if free:
            free.popleft().send(sent, at)
        else:
            due.append(at)
    patience = time.perf_counter() + 10
    while len(free) < len(everyone) - met.lost and time.perf_counter() < patience:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    for connection in everyone:
        connection.close()
    return met
