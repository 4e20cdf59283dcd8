"""Values of a category as the labels of bins, and back: the same text for the same value in training and serving."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from monitoring.reference.feature import MISSING, OTHER, Feature

ESCAPE = "="
LONGEST = 60


def label(value: Any) -> str | None:
    """The bin of a value, None for one that is missing.

    What is called `other` or `missing`, or begins with `=`, gets a `=` before it.
    """
    text = text_of(value)
    escaped = text is not None and (text in (OTHER, MISSING) or text.startswith(ESCAPE))
    return f"{ESCAPE}{text}" if escaped else text


def text_of(value: Any) -> str | None:
    """The text of a value, None for one that is missing: None, NaN and the empty text are.

    1, 1.0 and a numpy 1 are all `1`; a text of more than 60 characters is cut, and ends with its hash.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value != value or value == "":
        return None
    if isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, float):
        text = str(int(value)) if math.isfinite(value) and value.is_integer() else f"{value:.7g}"
    else:
        text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - 9]}…{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return text


def items(column: Any) -> list[Any]:
    """The values of a column as Python's, whatever holds them."""
    if isinstance(column, np.ma.MaskedArray):
        return list(column.tolist())
    listed = column.to_pylist() if hasattr(column, "to_pylist") else column
    listed = listed.tolist() if hasattr(listed, "tolist") else listed
    return [None if _absent(value) else value for value in listed]


def _absent(value: Any) -> bool:
    """pandas has a missing value that is neither None nor NaN, and cannot be compared."""
    return type(value).__name__ in ("NAType", "NaTType")


class Coder:
    """Turns a column into the positions of its values among a feature's bins."""

    def __init__(self, feature: Feature) -> None:
        self._codes = {value: position for position, value in enumerate(feature.values)}
        self._plain = {value: code for value, code in self._codes.items() if not value.startswith(ESCAPE)}
        self._other, self._missing = len(feature.values), len(feature.values) + 1

    def __len__(self) -> int:
        return self._missing + 1

    def __call__(self, column: Iterable[Any]) -> np.ndarray[Any, np.dtype[np.intp]]:
        """A position for each value of the column."""
        return np.array([self._code(value) for value in items(column)], dtype=np.intp)

    def _code(self, value: Any) -> int:
        if type(value) is str and (code := self._plain.get(value)) is not None:
            return code
        text = label(value)
        return self._missing if text is None else self._codes.get(text, self._other)
