"""What was labelled already: a memory of bounded size that forgets by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

MOST = 1_000_000
_LOOSE = 8192
Keys = NDArray[np.uint64]


class Memory:
    """Remembers numbers of 64 bits for so many seconds, or until half as many as it may hold came after them.

    There are two generations, sorted, eight bytes a number. When the young one is old enough or full, it becomes the
    old one, and what was in that is forgotten. What came last lies loose beside them.
    """

    def __init__(self, seconds: float, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._most, self._clock = seconds, most, clock
        self._young = self._old = np.empty(0, np.uint64)
        self._loose: set[int] = set()
        self._began = clock()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._young) + len(self._old) + len(self._loose)

    def add(self, keys: Sequence[int]) -> list[bool]:
        """For each key whether it is new; from here on it is not."""
        with self._lock:
            self._turn()
            asked = np.array(keys, np.uint64)
            sorted_in = (_within(self._young, asked) | _within(self._old, asked)).tolist()
            new = []
            for key, known in zip(keys, sorted_in, strict=True):
                new.append(not known and key not in self._loose)
                if new[-1]:
                    self._loose.add(key)
            if len(self._loose) >= min(_LOOSE, self._most // 2):
                self._fold()
            return new

    def _fold(self) -> None:
        loose = np.sort(np.fromiter(self._loose, np.uint64, len(self._loose)))
        self._young = np.insert(self._young, np.searchsorted(self._young, loose), loose)
        self._loose.clear()

    def _turn(self) -> None:
        if self._clock() - self._began > self._seconds or len(self._young) + len(self._loose) >= self._most // 2:
            self._fold()
            self._old, self._young, self._began = self._young, np.empty(0, np.uint64), self._clock()


def _within(known: Keys, asked: Keys) -> NDArray[np.bool_]:
    if not len(known):
        return np.zeros(len(asked), np.bool_)
    place = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    found: NDArray[np.bool_] = known[place] == asked
    return found
