"""The socket between the master and each of its children: whole messages, answered on a thread of the child's own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import socket
import struct
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from prometheus_client.registry import CollectorRegistry

from monitoring.merge import Snapshot, snapshot
from serving.garbage import Garbage

LENGTH = struct.Struct("<I")
Message = tuple[Any, ...]


def encode(message: Message) -> bytes:
    """A message with its length before it."""
    content = pickle.dumps(message, protocol=5)
    return LENGTH.pack(len(content)) + content


def hand(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *arguments: Any) -> None:
    """Have a loop call it, from any thread; a loop that has ended, since its process does, hears nothing more."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *arguments)


class Control:
    """The child's end. The thread answers for the metrics even while the child's event loop is busy."""

    def __init__(self, end: socket.socket, registry: CollectorRegistry) -> None:
        self._end = end
        self._registry = registry
        self._lock = threading.Lock()
        self._replies: dict[str, Callable[[Any], None]] = {}
        self.on_drain: Callable[[], object] = lambda: os._exit(0)
        self.on_end: Callable[[], object] = lambda: os._exit(0)
        self.on_open: Callable[[], object] = lambda: None
        self.on_gone: Callable[[int], None] = lambda process: None

    def start(self) -> None:
        """Say hello, and listen from here on."""
        self.send("hello")
        threading.Thread(target=self._listen, name="control", daemon=True).start()

    def send(self, *message: Any) -> None:
        """Tell the master."""
        with self._lock:
            self._end.sendall(encode(message))

    def ready(self, garbage: Garbage) -> None:
        """Tell the master that this process serves from here on."""
        garbage.settle()
        self.send("ready")

    def send_counts(self) -> None:
        """Tell the master all that was counted."""
        self.send("counts", self._counts())

    def _counts(self) -> Snapshot | None:
        """None where a collector of the user's fails: the master shows what it had last."""
        try:
            return snapshot(self._registry)
        except Exception:
            return None

    def ask(self, *message: Any) -> Any:
        """Ask the master and wait; for threads other than the event loop's."""
        answers: SimpleQueue[Any] = SimpleQueue()
        self.ask_soon(*message, then=answers.put)
        return answers.get()

    def ask_soon(self, *message: Any, then: Callable[[Any], Any]) -> None:
        """Ask the master; `then` gets the answer, on the control's thread."""
        key = os.urandom(8).hex()
        self._replies[key] = then
        self.send("ask", key, *message)

    def _listen(self) -> None:
        try:
            while True:
                self._obey(*pickle.loads(self._read(LENGTH.unpack(self._read(LENGTH.size))[0])))
        except OSError:
            os._exit(1)  # the master is gone: nobody would ever stop this process

    def _obey(self, kind: str, *content: Any) -> None:
        if kind == "count":
            self.send_counts()
        elif kind == "reply":
            self._replies.pop(content[0])(content[1])
        elif kind == "open":
            self.on_open()
        elif kind == "drain":
            self.on_drain()
        elif kind == "end":
            self.on_end()
        elif kind == "gone":
            self.on_gone(content[0])

    def _read(self, size: int) -> bytes:
        content = bytearray()
        while len(content) < size:
            chunk = self._end.recv(size - len(content))
            if not chunk:
                raise ConnectionResetError("the master closed the control socket")
            content += chunk
        return bytes(content)
