"""Answers that come item by item: from the event loop or from a runner's thread, to a client that may be slow."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

from serving.errors import ServewatchError
from serving.exchange import Link, Send
from serving.types.stream import Framing

ROOM = 16


class Pipe:
    """Brings items from a thread to the event loop, a few ahead of the client and no more."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._room = threading.Semaphore(ROOM)
        self._closed = False
        self._items: deque[Any] = deque()
        self._wake = asyncio.Event()
        self.on_taken: Callable[[], None] | None = None

    def give(self, item: Any) -> bool:
        """On the thread: hand over an item when there is room; False says that nobody takes it any more."""
        self._room.acquire()
        if self._closed:
            return False
        self._loop.call_soon_threadsafe(self._arrive, item)
        return True

    def put(self, item: Any) -> None:
        """On the event loop: hand over an item from another process, which keeps count of the room itself."""
        self._room.acquire(blocking=False)
        self._arrive(item)

    def _arrive(self, item: Any) -> None:
        self._items.append(item)
        self._wake.set()

    async def items(self, ended: asyncio.Future[Any]) -> AsyncGenerator[Any, None]:
        """On the event loop: what was given, until the thread's work has ended as that future tells."""
        ended.add_done_callback(lambda _: self._wake.set())
        try:
            while True:
                while self._items:
                    item = self._items.popleft()
                    self._room.release()
                    if self.on_taken is not None:
                        self.on_taken()
                    yield item
                if ended.done():
                    ended.result()
                    return
                await self._wake.wait()
                self._wake.clear()
        finally:
            self._closed = True
            self._room.release()
            ended.cancel()
            del ended  # the error that it holds holds this frame: together they would be garbage


def pump(method: Callable[..., Any], call: tuple[Any, dict[str, Any], Pipe]) -> None:
    """On a runner's thread: run a generator, all of it on this one thread, as long as somebody takes its items."""
    value, query, pipe = call
    items = method(value, **query)
    try:
        for item in items:
            if not pipe.give(item):
                return
    finally:
        items.close()


class StreamAnswer:
    """One answer that is sent in chunks; it begins with the first item, so that until then an error has its status."""

    def __init__(self, send: Send, framing: Framing, request_id: bytes, closing: bool) -> None:
        self._send = send
        self._framing = framing
        self._headers = [(b"content-type", framing.media), (b"x-request-id", request_id), *framing.headers]
        if closing:
            self._headers.append((b"connection", b"close"))
        self.items = 0

    async def send(self, item: Any) -> None:
        """Send an item; this waits while the client has enough to read."""
        chunk = self._framing.item(self.items, item)
        if not self.items:
            await self._begin()
        self.items += 1
        await self._send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _begin(self) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": self._headers})

    async def end(self) -> None:
        """All items have been sent."""
        if not self.items:
            await self._begin()
        await self._send({"type": "http.response.body", "body": self._framing.end})

    async def fail(self, error: ServewatchError, link: Link | None) -> None:
        """Tell the client in the stream; where that has no words for it, cut it off, lest it look whole."""
        if self._framing.error is not None:
            await self._send({"type": "http.response.body", "body": self._framing.error(error)})
        elif link is not None:
            link.cut()
            await asyncio.sleep(0)
