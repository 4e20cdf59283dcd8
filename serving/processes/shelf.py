"""What all processes of a service count of live traffic: one memory, in which each process has rows of its own.

A row belongs to a place, not to a process: who is started in a dead one's place goes on from what it left. So the
sum over the rows never goes back, not even by what a killed process counted last, and no death takes room.
"""

from __future__ import annotations

import os
from multiprocessing import reduction
from typing import Any

import numpy as np

from monitoring.drift.board import Board
from monitoring.drift.counts import Counts
from monitoring.drift.watched import Watched
from serving.processes.arena import Arena, new_memory, rounded
from serving.processes.control import Control

SHELF_BYTES = 64 * 1024 * 1024
"""Of address space: only what is watched takes memory."""


class ShelfFull(Exception):
    """More is watched than the memory holds."""


class Handle:
    """The memory's descriptor on its way to a child that is being started."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (reduction.DupFd(self.fd),)


def _received(duplicate: Any) -> Handle:
    return Handle(duplicate.detach())


class Shelf:
    """The master's side: it gives places out, and shows the sums."""

    def __init__(self, rows: int, size: int = SHELF_BYTES) -> None:
        fd = new_memory(size)
        self.handle = Handle(os.dup(fd))
        self.board = Board(self._make)
        self._arena = Arena(fd)
        self._rows, self._used = rows, 0
        self._places: dict[tuple[str, ...], int] = {}

    def place(self, watched: Watched) -> int | None:
        """Where the counts of this are; it is shown from here on. None where there is no room."""
        try:
            self.board.add(watched)
        except ShelfFull:
            return None
        return self._places[watched.key]

    def _make(self, watched: Watched) -> Counts:
        size = rounded(self._rows * watched.width * 8)
        if self._used + size > self._arena.size:
            raise ShelfFull
        self._places[watched.key], self._used = self._used, self._used + size
        return Counts(_table(self._arena, self._places[watched.key], self._rows, watched))


class Share:
    """A child's side: its row of whatever it watches."""

    def __init__(self, control: Control, handle: Handle, rows: int, row: int) -> None:
        self._control, self._arena = control, Arena(handle.fd)
        self._rows, self._row = rows, row

    def __call__(self, watched: Watched) -> Counts | None:
        """Ask the master for the place; for threads other than the event loop's."""
        offset = self._control.ask("watch", watched)
        if offset is None:
            return None
        return Counts(_table(self._arena, offset, self._rows, watched), self._row)


def _table(arena: Arena, offset: int, rows: int, watched: Watched) -> np.ndarray[Any, np.dtype[np.int64]]:
    return arena.array(offset, np.int64, (rows, watched.width))
