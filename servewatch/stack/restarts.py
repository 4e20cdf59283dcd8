"""When a process that died is started again: decisions only, nothing here touches a process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Each death in a row doubles the wait, up to a limit; a steady run clears the past."""

    first: float = 0.5
    factor: float = 2.0
    longest: float = 30.0
    steady: float = 20.0

    def deaths(self, before: int, lived: float) -> int:
        """Deaths in a row, counting the one after a life of so many seconds."""
        return 1 if lived >= self.steady else before + 1

    def wait(self, deaths: int) -> float:
        """Seconds until the next start after so many deaths in a row."""
        return min(self.longest, self.first * self.factor ** max(0, min(deaths, 64) - 1))


HOPELESS = 3
"""A process that died so often before it ever answered will not come up by itself."""


def exit_text(code: int) -> str:
    """An exit code as `Popen` gives it, for people."""
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
