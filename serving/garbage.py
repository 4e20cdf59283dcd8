"""When Python's garbage collector looks for garbage in a process that serves: seldom, and when memory grows."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from pathlib import Path

COLLECT_AFTER = 10_000
GROWTH = 64 * 2**20
_AS_PYTHON_DOES = gc.get_threshold()


def resident() -> int | None:
    """Bytes of memory that this process holds; None where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


class Garbage:
    """That of one process, from when it serves.

    What was made at start stays: looking through a loaded framework takes a tenth of a second, and every request
    waits. And some hundred requests that wait are more objects than Python takes for a sign of garbage: it would look
    through them again and again. So it looks less often, and besides where memory has grown, for a few objects in a
    cycle may hold a lot of it. A service that has set its own threshold keeps that.
    """

    def __init__(self, resident: Callable[[], int | None] = resident) -> None:
        self._resident = resident
        self._level: int | None = None

    def settle(self) -> None:
        """From here on the process serves."""
        gc.collect()
        gc.freeze()
        level = self._resident()
        if level is not None and gc.get_threshold() == _AS_PYTHON_DOES:
            self._level = level
            gc.set_threshold(COLLECT_AFTER, *_AS_PYTHON_DOES[1:])

    def look(self) -> None:
        """Called a few times a second: collect where memory has grown since the last time."""
        if self._level is None or (now := self._resident()) is None:
            return
        if now - self._level > GROWTH:
            gc.collect()
            now = self._resident() or now
            self._level = now
        self._level = min(self._level, now)
