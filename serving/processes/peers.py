"""The other side's processes, as the master makes them known: a socket and shared memory for each."""

from __future__ import annotations

import asyncio
import functools
import os
import socket
import struct
from collections.abc import Callable
from typing import Protocol

from serving.processes.arena import Arena, new_memory
from serving.processes.control import Control, hand
from serving.processes.wire import Wire

_PROCESS = struct.Struct("<Q")


class Peer(Protocol):
    """A worker or a runner at the other end of a wire."""

    wire: Wire


def introduce(one: socket.socket, one_process: int, other: socket.socket, other_process: int) -> None:
    """Give two children a socket to each other, and memory that both see. The arguments are their `doors`."""
    ends = socket.socketpair()
    memory = new_memory()
    try:
        socket.send_fds(one, [_PROCESS.pack(other_process)], [ends[0].fileno(), memory])
        socket.send_fds(other, [_PROCESS.pack(one_process)], [ends[1].fileno(), memory])
    finally:
        os.close(memory)
        for end in ends:
            end.close()


class Peers:
    """Those that this process can reach."""

    def __init__(self, door: socket.socket, control: Control, make: Callable[[int, Arena], Peer]) -> None:
        self._door, self._make = door, make
        self._known: dict[int, Peer] = {}
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        door.setblocking(False)
        self._loop.add_reader(door.fileno(), self._arrived)
        control.on_gone = functools.partial(hand, self._loop, self._gone)

    def _arrived(self) -> None:
        data, handles, _, _ = socket.recv_fds(self._door, _PROCESS.size, 2)
        if not data:
            self._loop.remove_reader(self._door.fileno())
            return
        task = asyncio.ensure_future(self._open(_PROCESS.unpack(data)[0], socket.socket(fileno=handles[0]), handles[1]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, process: int, end: socket.socket, memory: int) -> None:
        peer = self._known[process] = self._make(process, Arena(memory))
        end.setblocking(False)
        await self._loop.create_unix_connection(lambda: peer.wire, sock=end)

    def _gone(self, process: int) -> None:
        """The master saw it end: its socket may still be open in a process that it left behind."""
        if (peer := self._known.pop(process, None)) is not None:
            peer.wire.close()
