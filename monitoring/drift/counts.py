"""What was counted so far, in memory that all processes of a service can share without waiting for each other."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.int64]]


class Counts:
    """A table with a row for each process: each adds to its own, and whoever shows them adds the rows up.

    A process that takes a dead one's row goes on from what is in it, so no count is lost, goes back, or takes more
    room, however many processes come and go.
    """

    together = False
    """Whether other processes, with pages of their own, count in the same table."""

    def __init__(self, table: Array, row: int = 0) -> None:
        self._table = table
        self._row = table[row]
        self._lock = threading.Lock()

    @classmethod
    def private(cls, width: int) -> Counts:
        """Of this process alone."""
        return cls(np.zeros((1, width), np.int64))

    def after_fork(self) -> None:
        """In a child that was forked: what its parent was doing at that moment is not its business."""
        self._lock = threading.Lock()

    def add(self, found: Array) -> None:
        """Add what a batch has in each bin."""
        with self._lock:  # for the threads of this process; other processes have other rows
            self._row += found

    def total(self) -> Array:
        """The sum over all processes."""
        total: Array = self._table.sum(axis=0)
        return total
