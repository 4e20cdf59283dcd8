"""Sends requests when their time has come, whether or not earlier ones were answered, and tells how that goes."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from servewatch.stack.wake import Wake
from servewatch.traffic.client import NO_ANSWER, Client, Sample

LATE = 1.0
"""Seconds behind the plan after which it starts anew: what was missed is not sent in one heap."""


class Waiting(Protocol):
    """Something to wait with that can be told to stop."""

    stop: bool

    def wait(self, seconds: float) -> None:
        """Return after so long, or earlier."""
        ...


@dataclass
class Run:
    """One run of requests against one service."""

    client: Client
    samples: Sequence[Sample]
    plan: Iterator[tuple[float, int]]
    clock: Callable[[], float] = time.monotonic
    seed: int | None = None

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._next = next(self.plan)
        self._zero = self.clock()

    def until(self, end: float, wake: Wake | Waiting) -> None:
        """Send what the plan has for the time up to `end`."""
        while not wake.stop and (now := self.clock()) < end:
            due = self._zero + self._next[0]
            if now - due > LATE:
                self._zero, due = now - self._next[0], now
            if due > now:
                wake.wait(min(due, end) - now)
                continue
            for sample in self._chance.choices(self.samples, k=self._next[1]):
                self.client.offer(sample)
            self._next = next(self.plan)


@dataclass(frozen=True, slots=True)
class Tally:
    """What came of the requests so far."""

    codes: dict[int, int]
    skipped: int
    seconds: float

    @property
    def answered(self) -> int:
        """Requests that got an answer, whatever its code."""
        return sum(count for code, count in self.codes.items() if code != NO_ANSWER)

    def since(self, before: Tally) -> Tally:
        """What came since an earlier tally."""
        codes = {code: count - before.codes.get(code, 0) for code, count in self.codes.items()}
        left = {code: count for code, count in codes.items() if count}
        return Tally(left, self.skipped - before.skipped, self.seconds - before.seconds)

    def __str__(self) -> str:
        rate = self.answered / self.seconds if self.seconds > 0 else 0.0
        parts = [f"{rate:.0f} requests/s"]
        parts += [f"{count} x {code or 'no answer'}" for code, count in self.codes.items()]
        parts += [f"{self.skipped} not sent, too many were under way"] if self.skipped else []
        return ", ".join(parts)


def tally(client: Client, seconds: float) -> Tally:
    """The client's counts after so many seconds."""
    return Tally(client.codes(), client.skipped, seconds)


def report(path: Path | None, detail: str, total: Tally) -> None:
    """Write how it goes where `servewatch status` looks; a file that grows old tells that this process hangs."""
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    codes = {str(code): count for code, count in total.codes.items()}
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps({"detail": detail, "codes": codes, "skipped": total.skipped}) + "\n")
    beside.replace(path)
