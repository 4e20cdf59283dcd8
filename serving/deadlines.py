"""Deadlines of requests: now and then one look over those that have one, never a timer for each."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterator
from contextvars import ContextVar, Token

from serving.errors import DeadlinePassed, InvalidInput

SPACING = 0.002
_at: ContextVar[float] = ContextVar("deadline", default=math.inf)
deadline_now = _at.get
"""When the request that is worked on must be answered, on its service's clock; infinite where it may take its time."""


@contextlib.contextmanager
def deadline_of(at: float) -> Iterator[None]:
    """What is done within is done for a request that came from another process with this deadline."""
    token = _at.set(at)
    try:
        yield
    finally:
        _at.reset(token)


def read_timeout(value: bytes) -> float:
    """The seconds of a Request-Timeout header."""
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise InvalidInput(
            f"Request-Timeout is {value[:40].decode('latin-1')!r}, expected a number of seconds above 0",
            "for example Request-Timeout: 0.5",
        )
    return seconds


class Deadline:
    """One request's: when it passes before it is ended, the request's task is cancelled."""

    __slots__ = ("_among", "_task", "_token", "at", "passed", "seconds")

    def __init__(self, at: float, seconds: float, among: set[Deadline]) -> None:
        self.at, self.seconds = at, seconds
        self.passed = False
        self._task = asyncio.current_task()
        self._among = among
        self._token: Token[float] | None = _at.set(at)
        among.add(self)

    def expire(self) -> None:
        """It has passed: end the work."""
        self.passed = True
        self._among.discard(self)
        if self._task is not None:
            self._task.cancel()

    def end(self) -> None:
        """The work has ended, in time or not. The connection's next request may start in this same context."""
        self._among.discard(self)
        if self._token is not None:
            _at.reset(self._token)
            self._token = None

    def error(self) -> DeadlinePassed:
        """What its client is told; the cancellation has done its work with it."""
        if self._task is not None:
            self._task.uncancel()
            self._task = None
        return DeadlinePassed(
            f"the answer was not ready within {self.seconds:g} s",
            "ask again later, or allow more where the Request-Timeout header was yours",
        )


class Deadlines:
    """Those of one service's open requests. One timer serves all: it is set for the next that may pass."""

    def __init__(self, clock: Callable[[], float], expired: Callable[[], None]) -> None:
        self.clock = clock
        self._expired = expired
        self._open: set[Deadline] = set()
        self._due = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, start: float, seconds: float) -> Deadline:
        """The deadline of the request whose task this is, that began at `start`."""
        deadline = Deadline(start + seconds, seconds, self._open)
        if deadline.at < self._due:
            self._set_timer(deadline.at)
        return deadline

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        self._timer = asyncio.get_running_loop().call_later(max(0.0, due - self.clock()), self._look)

    def _look(self) -> None:
        now = self.clock()
        passed = [deadline for deadline in self._open if deadline.at <= now]
        for deadline in passed:
            deadline.expire()
        if passed:
            self._expired()
        self._due, self._timer = math.inf, None
        if self._open:
            self._set_timer(max(now + SPACING, min(deadline.at for deadline in self._open)))
