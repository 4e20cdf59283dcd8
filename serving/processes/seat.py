"""A place of a child among the master's, and the life that fills it now."""

from __future__ import annotations

import asyncio
import os
import pickle
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess

from serving.processes.child import Place, Role, main
from serving.processes.control import LENGTH, Message, encode
from serving.processes.leash import holding_signals
from serving.processes.shelf import Handle
from serving.settings import Settings

_SPAWN = get_context("spawn")


@dataclass(slots=True)
class Failure:
    """Why a child could not start, in its own words."""

    error: bytes | None
    text: str
    code: int


class Child:
    """One process, as the master knows it."""

    def __init__(self, number: int, place: Place, listening: socket.socket | None, shelf: Handle) -> None:
        self.number = number
        self.role = place.role
        self.name = f"{place.role} {place.index}"
        self.began = time.monotonic()
        self.greeted = self.ready = False
        self.failure: Failure | None = None
        self.listener: asyncio.Task[None] | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._end, theirs = socket.socketpair()
        self.door, their_door = socket.socketpair()
        given = (place, theirs, their_door, listening, shelf)
        try:
            name = f"servewatch-{place.role}-{place.index}"
            self.process: SpawnProcess = _SPAWN.Process(target=main, args=given, name=name)
            with holding_signals():
                self.process.start()
        except BaseException:
            self._end.close()
            self.door.close()
            raise
        finally:
            theirs.close()
            their_door.close()

    async def listen(self, heard: Callable[[Child, Message], None]) -> None:
        """Hear what it says, until it ends."""
        reader, self._writer = await asyncio.open_connection(sock=self._end)
        try:
            while True:
                size = LENGTH.unpack(await reader.readexactly(LENGTH.size))[0]
                heard(self, pickle.loads(await reader.readexactly(size)))
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    def tell(self, *message: object) -> None:
        """Say something; one that has just ended does not hear it."""
        if self._writer is not None and not self._writer.is_closing():
            self._writer.write(encode(message))

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.process.exitcode is not None

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()

    def bury(self) -> None:
        """Free what it had."""
        self.process.join()
        self.process.close()
        self.door.close()
        if self._writer is not None:
            self._writer.close()
        else:
            self._end.close()


@dataclass(slots=True)
class Seat:
    """Where one child follows another."""

    role: Role
    index: int
    child: Child | None = None
    deaths: int = 0
    was_ready: bool = False
    timer: asyncio.TimerHandle | None = None

    def fill(
        self, number: int, target: str, settings: Settings, listening: socket.socket, shelf: Handle, *, served: bool
    ) -> Child:
        """Start a process; where nobody has served yet, the first worker says so to those who ask."""
        herald = self.role == "worker" and self.index == 0 and not served
        place = Place(self.role, self.index, target, settings, os.getpid(), herald)
        self.timer = None
        self.child = Child(number, place, listening if self.role == "worker" else None, shelf)
        return self.child

    def close(self) -> None:
        """No further child is to come."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
