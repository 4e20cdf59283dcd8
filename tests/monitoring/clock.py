"""Time that passes when a test says so."""

from __future__ import annotations


class Clock:
    """A clock that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
