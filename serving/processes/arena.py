"""Memory that two processes share, and who of its places is taken: arrays cross through it without a socket."""

from __future__ import annotations

import bisect
import ctypes
import mmap
import os
import sys
import tempfile
from typing import Any

import numpy as np

ALIGNMENT = 64
ARENA_BYTES = 128 * 1024 * 1024
"""Of address space: only what was ever used at one time takes memory."""
BOARD = 4096
"""Bytes at its head that are no place: the runner writes there what every worker may read, see board.py."""


def new_memory(size: int = ARENA_BYTES) -> int:
    """A file descriptor of memory without a name: it is gone with the last process that has it, however that ends."""
    if sys.platform == "linux":
        fd = os.memfd_create("servewatch", os.MFD_CLOEXEC)
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, size)
    return fd


def rounded(size: int) -> int:
    """The size of a place that holds so many bytes."""
    return max(ALIGNMENT, -(-size // ALIGNMENT) * ALIGNMENT)


class Space:
    """Which places are free: the lowest that is large enough is given, neighbours become one when given back."""

    def __init__(self, size: int, start: int = 0) -> None:
        self._starts = [start]
        self._sizes = [size - start]

    def take(self, size: int) -> int | None:
        """The offset of a free place, None where none is large enough. The size is a rounded one."""
        for i, free in enumerate(self._sizes):
            if free >= size:
                start = self._starts[i]
                if free == size:
                    del self._starts[i], self._sizes[i]
                else:
                    self._starts[i] += size
                    self._sizes[i] -= size
                return start
        return None

    def give(self, start: int, size: int) -> None:
        """Give a place back."""
        i = bisect.bisect_left(self._starts, start)
        if i < len(self._starts) and start + size == self._starts[i]:
            size += self._sizes[i]
            del self._starts[i], self._sizes[i]
        if i and self._starts[i - 1] + self._sizes[i - 1] == start:
            self._sizes[i - 1] += size
            return
        self._starts.insert(i, start)
        self._sizes.insert(i, size)

    @property
    def free(self) -> int:
        """Bytes that nobody has."""
        return sum(self._sizes)


class Arena:
    """The shared memory as one of the two processes sees it. It takes over the descriptor."""

    def __init__(self, fd: int) -> None:
        self.size = os.fstat(fd).st_size
        self.memory = mmap.mmap(fd, self.size)
        os.close(fd)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))

    def array(self, offset: int, dtype: Any, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        """A view: whoever keeps what it shows copies it before the place is given back."""
        return np.ndarray(shape, dtype, self.memory, offset)

    def write(self, offset: int, data: Any) -> None:
        """Bytes to a place."""
        self.memory[offset : offset + len(data)] = data

    def read(self, offset: int, size: int) -> bytearray:
        """A copy of what is in a place."""
        return bytearray(memoryview(self.memory)[offset : offset + size])


class Lease:
    """A runner's hold on a request's place: when no view of it is left, and the request was given up, it says so.

    Arrays are made of it by numpy's interface protocol, so each view, and each view of a view, holds on to it.
    """

    __slots__ = ("__array_interface__", "__weakref__", "_arena", "abandoned", "ended")

    def __init__(self, arena: Arena, offset: int, dtype: str, shape: tuple[int, ...], ended: Any) -> None:
        self._arena = arena
        self.abandoned = False
        self.ended = ended
        self.__array_interface__ = {
            "version": 3,
            "typestr": dtype,
            "shape": shape,
            "data": (arena.address + offset, False),
        }

    def __del__(self) -> None:
        if self.abandoned:
            self.ended()


def own(argument: Any) -> Any:
    """What the user's code may keep: a view of a request's place becomes a copy, everything else is its own already."""
    if isinstance(argument, np.ndarray):
        base: Any = argument.base
        return argument.copy() if isinstance(base, Lease) else argument
    return argument
