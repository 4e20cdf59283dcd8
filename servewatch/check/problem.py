"""What a check found wrong, and how it is told."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, in which text, what it is and what was expected."""

    file: Path
    place: str
    text: str
    found: str
    expected: str

    def __str__(self) -> str:
        lines = [f"{self.file}: {self.place}", *self.text.splitlines(), self.found, f"expected: {self.expected}"]
        return "\n    ".join(lines)

    def as_json(self) -> dict[str, str]:
        """The same for programs."""
        return {name: str(value) for name, value in asdict(self).items()}
