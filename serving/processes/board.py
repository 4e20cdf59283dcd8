"""What a runner tells every worker without being asked: which of its queues are full, and for how long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

from monitoring import Metrics
from serving.batcher import Batcher, Limits, Reason
from serving.processes.arena import BOARD, Arena
from serving.runner import Runner

_SECONDS = 8
"""Bits of a word that hold seconds; the others hold rows, so that one write says both."""


class Board:
    """The words at the head of the memory that a worker and a runner share, one for each of the runner's queues."""

    def __init__(self, arena: Arena) -> None:
        self._words = memoryview(arena.memory)[:BOARD].cast("Q")

    def write(self, queue: int, rows: int, seconds: int) -> None:
        """So many rows wait and no more may, for about so many seconds; 0 of both: there is room."""
        self._words[queue % len(self._words)] = rows << _SECONDS | seconds

    def read(self, queue: int) -> tuple[int, int]:
        """What was written last: rows and seconds."""
        word = self._words[queue % len(self._words)]
        return word >> _SECONDS, word & ((1 << _SECONDS) - 1)


class PublicBatcher(Batcher):
    """A runner's queue, which workers see the fullness of. It is written when it changes, not for each request."""

    def __init__(self, runner: Runner, limits: Limits, metrics: Metrics, queue: int, boards: Iterable[Board]) -> None:
        super().__init__(runner, limits, metrics)
        self._index, self._boards = queue, boards
        self._told = False

    def _queue_up(self, value: Any, rows: int) -> asyncio.Future[Any]:
        future = super()._queue_up(value, rows)
        self._tell()
        return future

    def _dispatch(self, reason: Reason) -> None:
        super()._dispatch(reason)
        self._tell()

    def _sweep(self) -> None:
        super()._sweep()
        self._tell()

    def _tell(self) -> None:
        if self._over(1) != self._told:
            self._told = not self._told
            for board in self._boards:
                self.show(board)

    def show(self, board: Board) -> None:
        """Write what holds now."""
        seconds = self._pace.seconds_for(self.rows, self._clock())
        board.write(self._index, *((self.rows, seconds) if self._told else (0, 0)))
