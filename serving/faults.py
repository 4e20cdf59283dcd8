"""Faults on demand, for demonstrations: a request's header makes it fail, or makes the runner slow for a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from serving.errors import RunnerFailed, UnfitInput

HEADER = b"x-servewatch-fault"
LONGEST = 10.0
LARGEST = 512
"""MiB that are held in all, however many are asked for."""
MIB = 2**20
TELL_EVERY = 60.0
KINDS = 8
"""How many kinds of fault a log tells apart in a minute: what clients make up must not fill it."""

log = logging.getLogger("serving.faults")


class Faults:
    """Obeys `error`, `slow=SECONDS` and `hold=MIB`, which stays held. A service has one only where `faults` is set."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._delay = self._until = 0.0
        self._told: dict[str, float] = {}
        self._held: list[bytes] = []

    def obey(self, header: str) -> None:
        """Fail here, or slow the runner down for the next second."""
        kind, _, value = header.partition("=")
        if kind == "error":
            self._tell("the request fails")
            raise RunnerFailed("a fault was asked for", "leave the X-Servewatch-Fault header out")
        try:
            amount = float(value)
        except ValueError:
            amount = -1.0
        if kind not in ("slow", "hold") or not amount >= 0:
            raise UnfitInput(f"fault {header!r} is not known", "error, slow=SECONDS or hold=MIB")
        if kind == "hold":
            self._hold(amount)
            return
        self._delay = min(amount, LONGEST)
        self._until = self._clock() + 1.0
        self._tell(f"every batch takes {self._delay:g} s longer")

    def _hold(self, mib: float) -> None:
        room = LARGEST - sum(len(held) for held in self._held) // MIB
        # Zeros would be promised by the system and not be there.
        self._held.append(b"\xff" * (int(min(mib, room)) * MIB))
        self._tell(f"memory is held, up to {LARGEST} MiB")

    def _tell(self, what: str) -> None:
        """Leave a trace of a fault once a minute: requests that ask for one come by the dozen."""
        now = self._clock()
        self._told = {told: at for told, at in self._told.items() if now - at < TELL_EVERY}
        if what not in self._told and len(self._told) < KINDS:
            self._told[what] = now
            log.warning("a request asks for a fault (X-Servewatch-Fault): %s; told once a minute", what)

    def around(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function, slower while that was asked for."""

        def slowed(argument: Any) -> Any:
            if self._clock() < self._until:
                self._sleep(self._delay)
            return function(argument)

        return slowed
