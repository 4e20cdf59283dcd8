"""True labels as people send them: a class's name, or its index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class LabelInvalid(ValueError):
    """A label that is none of the model's classes."""


class Classes:
    """Finds the index of a class. A text is a name first; a number is an index, unless the names are numbers."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._index = {name: index for index, name in enumerate(names)}
        self._numbered = all(_whole(name) for name in names)

    def find(self, label: Any) -> int:
        """The index of the class that a label means."""
        found: int | None = None
        if isinstance(label, str):
            found = self._index.get(label)
            if found is None and _whole(label) and not self._numbered:
                found = self._within(int(label))
        elif isinstance(label, int) and not isinstance(label, bool) and label.bit_length() <= 32:
            found = self._index.get(str(label)) if self._numbered else self._within(label)
        if found is None:
            raise LabelInvalid(f"the label is {_short(label)}, expected {self._accepted()}")
        return found

    def _within(self, index: int) -> int | None:
        return index if 0 <= index < len(self._names) else None

    def _accepted(self) -> str:
        shown = ", ".join(repr(name) for name in self._names[:12])
        more = f" and {len(self._names) - 12} more" if len(self._names) > 12 else ""
        return f"one of {shown}{more}, or an index below {len(self._names)}"


def _whole(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
