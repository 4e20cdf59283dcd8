"""Answers that became ready together, to be written one right after the other.

A batch's answers are ready in one iteration of the event loop. Between two writes nothing else is done then: the
processor's caches hold one kind of work, and a client that was woken for the first answer is awake for the next.
"""

from __future__ import annotations

import asyncio
from typing import Protocol


class Writer(Protocol):
    """A connection that has something to write."""

    def write_out(self) -> None: ...


class Outbox:
    """Those of one event loop."""

    def __init__(self) -> None:
        self._writers: list[Writer] = []

    def add(self, writer: Writer) -> None:
        """It will write before any task begins that is not begun yet."""
        if not self._writers:
            asyncio.get_running_loop().call_soon(self._write)
        self._writers.append(writer)

    def _write(self) -> None:
        writers, self._writers = self._writers, []
        for writer in writers:
            writer.write_out()
