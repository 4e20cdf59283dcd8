"""What a model's confidence is worth: the share of right answers that goes with it, learnt by isotonic regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

_NEAREST = 2.0**-24
_PRIOR = 0.5
_DIGITS = 9


def logit(confidence: Array) -> Array:
    """ln(p / (1 - p)) in float64; what is nearer to 0 or 1 than float32 can tell is as near as it can tell."""
    inside = np.clip(confidence.astype(np.float64), _NEAREST, 1 - _NEAREST)
    return np.log(inside / (1 - inside))


def isotonic(x: Array, y: Array, weight: Array) -> tuple[Array, Array, Array, Array]:
    """Pool adjacent violators: blocks of x, each with its first and last x, its mean of y and its weight.

    The means rise from block to block. `x` need not be sorted; equal ones are pooled before.
    """
    points, place = np.unique(x, return_inverse=True)
    weights = np.bincount(place, weight)
    sums = np.bincount(place, weight * y)
    blocks: list[tuple[int, float, float]] = []
    for index, (total, mass) in enumerate(zip(sums.tolist(), weights.tolist(), strict=True)):
        first = index
        while blocks and blocks[-1][1] * mass >= total * blocks[-1][2]:
            first, before, more = blocks.pop()
            total, mass = total + before, mass + more
        blocks.append((first, total, mass))
    firsts = np.array([block[0] for block in blocks])
    lasts = np.append(firsts[1:], len(points)) - 1
    mass = np.array([block[2] for block in blocks])
    return points[firsts], points[lasts], np.array([block[1] for block in blocks]) / mass, mass


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising line through the isotonic steps, over the logit of the confidence.

    It rises everywhere, if only little within a step, so that rows of different confidence stay different:
    what is watched is how they are distributed.
    """

    x: Array
    y: Array

    @classmethod
    def fit(cls, confidence: Array, right: Array, weight: Array | None = None) -> Calibration:
        """Learn it from confidences and whether each was right (1 or 0)."""
        weight = np.ones(len(confidence)) if weight is None else weight
        first, last, mean, mass = isotonic(logit(confidence), right.astype(np.float64), weight)
        mean = np.maximum.accumulate((mean * mass + _PRIOR) / (mass + 2 * _PRIOR))
        kept = np.flatnonzero(np.append(True, np.diff(mean) > 0))
        first, last, mean, mass = first[kept], last[np.append(kept[1:], 0) - 1], mean[kept], mass[kept]
        room = np.diff(np.concatenate(([0.0], mean, [1.0]))) / 4
        tilt = np.sqrt(mean * (1 - mean) / mass) / 4
        down, up = np.minimum(room[:-1], tilt), np.minimum(room[1:], tilt)
        x, y = np.column_stack((first, last)).ravel(), np.column_stack((mean - down, mean + up)).ravel()
        wide = np.append(True, np.diff(x) > 0)
        ends = [[logit(np.array([0.0]))[0]], x[wide], [logit(np.array([1.0]))[0]]]
        return cls.read([np.concatenate(ends).tolist(), [float(y[0] / 2), *y[wide].tolist(), float((y[-1] + 1) / 2)]])

    def __call__(self, confidence: Array) -> Array:
        """The calibrated confidences."""
        return np.interp(logit(confidence), self.x, self.y)

    def plain(self) -> list[list[float]]:
        """As plain data."""
        return [[float(f"{value:.{_DIGITS}g}") for value in part] for part in (self.x, self.y)]

    @classmethod
    def read(cls, plain: Sequence[Sequence[float]]) -> Calibration:
        """From what `plain` gave, or as exact as that would be."""
        return cls(*(np.array([float(f"{value:.{_DIGITS}g}") for value in part]) for part in plain))
