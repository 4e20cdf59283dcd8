"""Waiting that signals interrupt: the wish to stop and, where wanted, the death of a child."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Wake:
    """While entered, SIGINT, SIGTERM and SIGHUP are counted as wishes to stop; use it in the main thread.

    With `children`, a wait ends also when a child dies.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, children: bool = False) -> None:
        self.clock, self.children = clock, children
        self.stops = 0
        self._last = float("-inf")
        self._before: dict[signal.Signals, object] = {}

    @property
    def stop(self) -> bool:
        """Whether someone asked to stop."""
        return self.stops > 0

    @property
    def hurry(self) -> bool:
        """Whether someone asked again: stop without waiting for anybody."""
        return self.stops > 1

    def __enter__(self) -> Wake:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._fd_before = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in STOPPING:
            self._before[number] = signal.signal(number, self._count)
        if self.children:
            # A handler of our own, even an empty one, is what makes Python write to the pipe.
            self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, _nothing)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._fd_before)
        os.close(self._read)
        os.close(self._write)

    def wait(self, seconds: float) -> None:
        """Return after so long, or at the next signal."""
        ready, _, _ = select.select([self._read], [], [], seconds)
        if ready:
            os.read(self._read, 4096)

    def _count(self, number: int, frame: FrameType | None) -> None:
        # One Ctrl-C can come twice, from the terminal and from `make`.
        if self.clock() - self._last > 1.0:
            self.stops, self._last = self.stops + 1, self.clock()


def _nothing(number: int, frame: FrameType | None) -> None:
    pass
