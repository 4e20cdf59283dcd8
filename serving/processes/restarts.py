"""When a process that ended is started again: decisions only, nothing here touches a process."""

from __future__ import annotations

from dataclasses import dataclass

HOPELESS = 3
"""A process that ended so often without a word, and was never ready, will not come up by itself."""


@dataclass(frozen=True, slots=True)
class Life:
    """What is known when a process has ended."""

    deaths: int
    """How many ended in a row before it, none of which was steady."""
    seconds: float
    was_ready: bool
    """Whether any that stood in its place was ever ready."""
    failed: bool = False
    """Whether it said why it could not start."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """The first restart is at once; each further death in a row doubles the wait, up to a limit."""

    first: float = 0.25
    factor: float = 2.0
    longest: float = 30.0
    steady: float = 10.0

    def deaths(self, life: Life) -> int:
        """Deaths in a row, this one included; a steady life clears the past."""
        return 1 if life.seconds >= self.steady else life.deaths + 1

    def wait(self, life: Life) -> float | None:
        """Seconds until the next start, or None: give the service up, its owner must look."""
        deaths = self.deaths(life)
        if not life.was_ready and (life.failed or deaths >= HOPELESS):
            return None
        return 0.0 if deaths == 1 else min(self.longest, self.first * self.factor ** min(deaths - 2, 32))
