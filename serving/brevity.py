"""Whether a runner's single calls are so brief that handing one to a thread would cost more than the call."""

from __future__ import annotations

BRIEF = 0.0003
ENOUGH, MOST = 32, 4096


class Brevity:
    """Sure after a row of brief calls; one that is not brief asks for a row twice as long."""

    def __init__(self, limit: float = BRIEF, enough: int = ENOUGH) -> None:
        self._limit, self._enough = limit, enough
        self._row = 0
        self.sure = False

    def note(self, seconds: float) -> None:
        """One more call by itself took so long."""
        if seconds < self._limit:
            self._row += 1
            self.sure = self._row >= self._enough
            return
        if self.sure:
            self._enough = min(MOST, 2 * self._enough)
        self._row, self.sure = 0, False
