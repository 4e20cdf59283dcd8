"""The article before a type's name in a message: an int, a uint8, an ndarray."""

from __future__ import annotations

import re

_SPELT = re.compile(r"[A-Z](?![a-z])")
"""A name that begins as MLPClassifier does is said letter by letter."""

_AN_LETTER = "AEFHILMNORSX"
_AN_WORD = re.compile(r"a|e(?!u)|i|nd|o(?!n(?:ce|e(?!rr)))|u(?!func|int|long|ni[^nd]|s[ae]|short|tf|uid)|x(?!e)")


def a(name: str) -> str:
    """The name of a type, or of anything else, with `a` or `an` before it, as it is said."""
    word = name.lstrip("_")
    an = word[0] in _AN_LETTER if _SPELT.match(word) else _AN_WORD.match(word.lower())
    return f"an {name}" if an else f"a {name}"
