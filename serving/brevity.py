"""Whether a runner's single calls are so brief that handing one to a thread would cost more than the call."""

from __future__ import annotations

BRIEF = 0.0003
ENOUGH, MOST = 32, 4096
MEMORY = 1 / 32
OFTEN, MEMORY_OF_LONG = 0.01, 1 / 512


class Brevity:
    """Sure after a row of calls that are brief on average; a stray one that the machine delayed changes nothing.

    Where the average says otherwise, as after one call of a very long time, or where one in a hundred takes twice as
    long as is brief, the next row must be twice as long.
    """

    def __init__(self, limit: float = BRIEF, enough: int = ENOUGH) -> None:
        self._limit = self._mean = limit
        self._first = self._enough = enough
        self._row = 0
        self._often = 0.0
        self.sure = False

    def note(self, seconds: float) -> None:
        """One more call by itself took so long."""
        self._mean += (seconds - self._mean) * MEMORY
        self._often += ((seconds >= 2 * self._limit) - self._often) * MEMORY_OF_LONG
        if self._mean < self._limit and self._often < OFTEN:
            self._row += 1
            self.sure = self._row >= self._enough
            if self._row == MOST:
                self._enough = self._first
            return
        if self.sure:
            self._enough = min(MOST, 2 * self._enough)
        self._row, self.sure = 0, False
