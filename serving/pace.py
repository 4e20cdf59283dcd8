"""How fast a runner works, so that whoever is turned away learns when to come back."""

from __future__ import annotations

import math

MEMORY = 0.95
LONGEST = 60


class Pace:
    """Rows a second, over the last batches, counting only the time in which something ran."""

    __slots__ = ("_busy_from", "_rows", "_running", "_seconds")

    def __init__(self) -> None:
        self._rows = self._seconds = self._busy_from = 0.0
        self._running = 0

    def begin(self, now: float) -> None:
        """A batch was started."""
        if not self._running:
            self._busy_from = now
        self._running += 1

    def end(self, rows: int, now: float) -> None:
        """A batch has ended."""
        self._running -= 1
        self._rows = self._rows * MEMORY + rows
        self._seconds = self._seconds * MEMORY + now - self._busy_from
        self._busy_from = now

    def seconds_for(self, rows: int, now: float) -> int:
        """Whole seconds, at least 1, that so many rows will take; a batch that hangs counts against the pace."""
        busy = self._seconds + (now - self._busy_from if self._running else 0.0)
        if not self._rows:
            return min(LONGEST, max(1, math.ceil(busy)))
        return min(LONGEST, max(1, math.ceil(rows * busy / self._rows)))
