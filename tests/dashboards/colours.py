"""How different two colours look, to who sees all hues and to who sees fewer of them."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path

SEEN: dict[str, tuple[tuple[float, float, float], ...]] = {
    "all hues": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.1523, 1.0526, -0.2049), (0.1145, 0.7863, 0.0992), (-0.0039, -0.0481, 1.0520)),
    "no green": ((0.3673, 0.8606, -0.2280), (0.2801, 0.6725, 0.0474), (-0.0118, 0.0429, 0.9689)),
    "no blue": ((1.2555, -0.0767, -0.1788), (-0.0784, 0.9308, 0.1476), (0.0047, 0.6914, 0.3039)),
}
"""What linear red, green and blue look like: Machado, Oliveira and Fernandes (2009), at full severity."""

_XYZ = ((0.4339, 0.3762, 0.1899), (0.2126, 0.7152, 0.0722), (0.0177, 0.1095, 0.8728))
_NAMED = Path(__file__).parents[2] / "servewatch/console/src/color.ts"

Vector = tuple[float, ...]


def difference(one: str, other: str, seen: str) -> float:
    """The distance in CIELAB: 2 is just noticeable side by side."""
    return math.dist(_lab(_linear(one), seen), _lab(_linear(other), seen))


def contrast(one: str, other: str) -> float:
    """How much brighter one is than the other, as WCAG has it."""
    low, high = sorted(_times(_XYZ, _linear(color))[1] for color in (one, other))
    return (high + 0.05) / (low + 0.05)


@cache
def _names() -> dict[str, str]:
    return dict(re.findall(r'^  "?([a-z-]+)"?: "(#\w{6})"', _NAMED.read_text(), re.M))


def _linear(color: str) -> Vector:
    written = _names().get(color, color)
    parts = (int(written[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return tuple(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)


def _times(matrix: tuple[tuple[float, float, float], ...], vector: Vector) -> Vector:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)


def _lab(color: Vector, seen: str) -> Vector:
    looks = tuple(min(1.0, max(0.0, part)) for part in _times(SEEN[seen], color))
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in _times(_XYZ, looks))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)
