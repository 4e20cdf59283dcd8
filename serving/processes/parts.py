"""A stream's items on their way from a runner's thread to the worker, a few ahead of the client and no more."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from serving.processes.control import hand
from serving.processes.parcel import pack
from serving.processes.wire import PART, Frame, Wire
from serving.streaming import ROOM


class PartsPipe:
    """What a generator's runner gives its items to, in place of a pipe to its own event loop."""

    def __init__(self, number: int, loop: asyncio.AbstractEventLoop, wire: Wire) -> None:
        self._number, self._loop, self._wire = number, loop, wire
        self._room = threading.Semaphore(ROOM)
        self._closed = False

    def give(self, item: Any) -> bool:
        """On the thread: hand over an item when there is room; False says that nobody takes it any more."""
        self._room.acquire()
        if self._closed:
            return False
        parcel = pack(item)
        part = Frame(PART, parcel.form, number=self._number, meta=parcel.meta, inline=parcel.whole())
        hand(self._loop, self._wire.send, part)
        return True

    def more(self) -> None:
        """The worker has taken one."""
        self._room.release()

    def close(self) -> None:
        """Nobody takes any more."""
        self._closed = True
        self._room.release()
