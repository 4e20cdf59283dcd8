"""Counts of several processes in a file that all map: for services that others start, like gunicorn's workers."""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
from pathlib import Path

import numpy as np

from monitoring.drift.counts import Array, Counts
from monitoring.drift.watched import Watched

ROWS = 256
"""Processes that may count at one time; the file takes room for those that ever did."""


class TooManyProcesses(OSError):
    """Every row is another process's."""


class SharedCounts(Counts):
    """Each process takes a row that no living one has, by a lock that ends with it, and goes on from what is there."""

    together = True

    def __init__(self, folder: Path, watched: Watched, rows: int = ROWS) -> None:
        name = hashlib.sha256("\0".join(watched.key).encode()).hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        self._locks, self._name, self._rows = folder, name, rows
        super().__init__(_mapped(folder / f"{name}.counts", rows, watched.width))
        self._claim()

    def after_fork(self) -> None:
        """Take a row of the child's own: the parent goes on writing to its."""
        super().after_fork()
        os.close(self._held)  # the parent's own descriptor keeps the lock
        self._claim()

    def _claim(self) -> None:
        for row in range(self._rows):
            self._held = os.open(self._locks / f"{self._name}.{row}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._held)
                continue
            self._row = self._table[row]
            return
        raise TooManyProcesses(f"{self._rows} processes count in {self._locks} already: give each service its folder")


def _mapped(path: Path, rows: int, width: int) -> Array:
    """The file in memory; what is new in it is 0.

    It takes its room at once: a disk that is full is an error here, where a write later would end the process.
    """
    size = rows * width * 8
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.posix_fallocate(fd, 0, size)
        memory = mmap.mmap(fd, size)
    except OSError as error:
        raise OSError(error.errno, os.strerror(error.errno or 0), str(path)) from None
    finally:
        os.close(fd)
    return np.ndarray((rows, width), np.int64, memory)
