"""A flood of clients that send slowly and are cut off before their request is whole."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from servewatch.stack.wake import Wake
from servewatch.traffic.samples import PREDICT

CLIENTS, STAY = 200, 10.0
"""How many send at the same time, and for how many seconds each before it is cut off."""
TICK = 0.5
LENGTH = 4096
_HEAD = "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\nContent-Length: {length}\r\n\r\n"


@dataclass
class Drip:
    """Connections that each send a byte at a time, and are replaced as they are cut off."""

    url: str
    clients: int = CLIENTS
    stay: float = STAY
    clock: Callable[[], float] = time.monotonic
    cut: int = 0
    """Those that were cut off by themselves."""
    closed: int = 0
    """Those that the service closed or refused."""
    _open: dict[socket.socket, float] = field(default_factory=dict)

    def step(self) -> None:
        """Cut off who was there long enough, let the others send a byte, and let new ones come in even numbers."""
        now = self.clock()
        for sock, since in list(self._open.items()):
            if now - since >= self.stay:
                self._end(sock)
                self.cut += 1
            elif not _sent(sock):
                self._end(sock)
                self.closed += 1
        due = max(1, round(self.clients * TICK / self.stay))
        for _ in range(min(due, self.clients - len(self._open))):
            self._begin(now)

    def close(self) -> None:
        """Cut off all of them."""
        for sock in list(self._open):
            self._end(sock)

    def _begin(self, now: float) -> None:
        parts = urlsplit(self.url)
        host, port = parts.hostname or "127.0.0.1", parts.port or 80
        try:
            sock = socket.create_connection((host, port), timeout=1.0)
        except OSError:
            self.closed += 1
            return
        self._open[sock] = now
        with contextlib.suppress(OSError):
            sock.sendall(_HEAD.format(path=PREDICT, host=host, length=LENGTH).encode())

    def _end(self, sock: socket.socket) -> None:
        del self._open[sock]
        sock.close()

    @property
    def sending(self) -> int:
        """How many send now."""
        return len(self._open)


def _sent(sock: socket.socket) -> bool:
    try:
        # Whatever the service says to half a request means that it wants no more of it.
        if select.select([sock], [], [], 0)[0]:
            return False
        sock.sendall(b"x")
    except OSError:
        return False
    return True


def drip(flood: Drip, until: float, wake: Wake) -> None:
    """Keep the flood up until a time of its clock."""
    while not wake.stop and flood.clock() < until:
        flood.step()
        wake.wait(TICK)
