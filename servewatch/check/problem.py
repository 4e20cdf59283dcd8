"""What a check found wrong, and how it is told: like a compiler, with the place, the text and a caret."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, in which text, what it is and what was expected.

    `line` is where the text begins in the file (0: unknown), and `needle` the part of it that is wrong.
    """

    file: Path
    place: str
    text: str
    found: str
    expected: str
    line: int = 0
    needle: str = ""
    joined: bool = False
    """Whether the text stands in one line of the file, though it has several."""

    def __str__(self) -> str:
        lines = [f"{self._where()}: {self.place}: {self.found}"]
        row, column = self._at()
        shown = self.text.splitlines() if row is None else [self.text.splitlines()[row]]
        lines += [f"    {line}" for line in shown]
        if row is not None:
            lines.append(f"    {' ' * column}{'^' * len(self.needle)}")
        return "\n".join([*lines, f"    expected: {self.expected}"])

    def as_json(self) -> dict[str, str | int]:
        """The same for programs."""
        said = {name: str(getattr(self, name)) for name in ("file", "place", "text", "found", "expected")}
        return {**said, "line": self._line(), "column": self._at()[1] + 1 if self.needle else 0}

    def _where(self) -> str:
        return f"{self.file}:{self._line()}" if self.line else str(self.file)

    def _line(self) -> int:
        return self.line + (0 if self.joined or not self.line else self._at()[0] or 0)

    def _at(self) -> tuple[int | None, int]:
        """The line of the text that holds what is wrong, and where in it; None where that is the whole text."""
        if self.needle:
            for row, line in enumerate(self.text.splitlines()):
                if self.needle in line:
                    return row, line.index(self.needle)
        return None, 0
