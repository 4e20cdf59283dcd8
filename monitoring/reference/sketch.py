"""Summaries of a column in bounded memory that can be merged: quantiles of numbers, the most frequent of values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from monitoring.reference.values import items, label

Array = np.ndarray[Any, np.dtype[Any]]

EXACT = 32_768
"""So many numbers are kept as they are; above it, ranks are off by less than a thousandth."""
_LEVEL = 4096
FEW = 98
_KEPT = 1000


class Quantiles:
    """Numbers with weights: when there are too many, every second of the sorted ones stays and counts twice.

    Few different values, such as grades, are counted exactly. What is not finite is only counted.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        self._levels: list[list[Array]] = [[]]
        self._few: Counter[float] | None = Counter()
        self.missing = self.below = self.above = 0
        self.least, self.most = np.inf, -np.inf
        self.count, self.mean, self._squares = 0, 0.0, 0.0

    def add(self, values: Array) -> None:
        """Take in a column of numbers."""
        finite = values[np.isfinite(values)].astype(np.float64)
        if len(finite) < len(values):
            self.missing += int(np.isnan(values).sum())
            self.below += int((values == -np.inf).sum())
            self.above += int((values == np.inf).sum())
        if not len(finite):
            return
        mean = float(finite.mean())
        self._moments(len(finite), mean, float(((finite - mean) ** 2).sum()))
        self.least, self.most = min(self.least, float(finite.min())), max(self.most, float(finite.max()))
        if self._few is not None:
            self._count_few(*np.unique(finite, return_counts=True))
        self._put(0, finite)

    def merge(self, other: Quantiles) -> None:
        """Take in what another has."""
        self.missing, self.below = self.missing + other.missing, self.below + other.below
        self.above += other.above
        self._moments(other.count, other.mean, other._squares)
        self.least, self.most = min(self.least, other.least), max(self.most, other.most)
        if self._few is not None and other._few is not None:
            self._count_few(np.array(list(other._few)), np.array(list(other._few.values())))
        else:
            self._few = None
        for level, parts in enumerate(other._levels):
            for part in parts:
                self._put(level, part)

    def items(self) -> tuple[Array, Array]:
        """Sorted numbers and how many of the column each stands for."""
        if self._few is not None:
            few = sorted(self._few.items())
            return np.array([value for value, _ in few]), np.array([count for _, count in few], dtype=np.float64)
        values = np.concatenate([part for parts in self._levels for part in parts])
        weights = np.repeat(2.0 ** np.arange(len(self._levels)), [sum(map(len, parts)) for parts in self._levels])
        order = np.argsort(values, kind="stable")
        return values[order], weights[order]

    @property
    def spread(self) -> float:
        """The standard deviation."""
        return float(np.sqrt(self._squares / self.count)) if self.count else 0.0

    def _moments(self, count: int, mean: float, squares: float) -> None:
        whole = self.count + count
        if not whole:
            return
        step = mean - self.mean
        self._squares += squares + step * step * self.count * count / whole
        self.mean += step * count / whole
        self.count = whole

    def _count_few(self, values: Array, counts: Array) -> None:
        if self._few is not None:
            self._few.update(dict(zip(values.tolist(), counts.tolist(), strict=True)) if len(values) <= FEW else {})
            if len(values) > FEW or len(self._few) > FEW:
                self._few = None

    def _put(self, level: int, values: Array) -> None:
        while level >= len(self._levels):
            self._levels.append([])
        held = self._levels[level]
        held.append(values)
        if sum(map(len, held)) <= (_LEVEL if level else EXACT):
            return
        values = np.sort(np.concatenate(held))
        even = len(values) // 2 * 2
        self._levels[level] = [values[even:]] if even < len(values) else []
        self._put(level + 1, values[int(self._random.integers(2)) : even : 2])


class Frequent:
    """How often the most frequent values are there, by Misra and Gries: off by less than a thousandth of the rows."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self.rows = self.missing = 0

    def add(self, column: Any) -> None:
        """Take in a column of values."""
        self._take(Counter(label(value) for value in items(column)))

    def merge(self, other: Frequent) -> None:
        """Take in what another has."""
        self.rows, self.missing = self.rows + other.rows, self.missing + other.missing
        self._counts.update(other._counts)
        self._shrink()

    def top(self, count: int, least: int) -> list[tuple[str, int]]:
        """The most frequent values, those of equal number by name; none that is there fewer than `least` times."""
        ranked = sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return [pair for pair in ranked[:count] if pair[1] >= least]

    def _take(self, counts: Counter[str | None]) -> None:
        self.rows += counts.total()
        self.missing += counts.pop(None, 0)
        self._counts.update({value: count for value, count in counts.items() if value is not None})
        self._shrink()

    def _shrink(self) -> None:
        if len(self._counts) > _KEPT:
            cut = sorted(self._counts.values(), reverse=True)[_KEPT]
            self._counts = Counter({value: count - cut for value, count in self._counts.items() if count > cut})


class Sample:
    """Some of the rows, each with the same chance: those that drew the smallest numbers."""

    def __init__(self, size: int, seed: int = 0) -> None:
        self.size = size
        self._random = np.random.default_rng(seed)
        self.keys = np.empty(0)
        self.rows: Array | None = None
        self.classes = np.empty(0, dtype=np.intp)

    def add(self, rows: Array, classes: Array | None) -> None:
        """Draw for these rows, which are of these classes."""
        self._take(self._random.random(len(rows)), rows, np.full(len(rows), -1) if classes is None else classes)

    def merge(self, other: Sample, places: Callable[[Array], Array] | None = None) -> None:
        """Draw among both; `places` are the other's classes' indexes here."""
        if other.rows is not None:
            self._take(other.keys, other.rows, places(other.classes) if places else other.classes)

    def _take(self, keys: Array, rows: Array, classes: Array) -> None:
        if self.rows is not None and len(self.keys) == self.size:
            chosen = keys < self.keys.max()
            keys, rows, classes = keys[chosen], rows[chosen], classes[chosen]
        if self.rows is not None:
            keys, rows = np.concatenate((self.keys, keys)), np.concatenate((self.rows, rows))
            classes = np.concatenate((self.classes, classes))
        kept = np.argsort(keys, kind="stable")[: self.size]
        self.keys, self.rows, self.classes = keys[kept], rows[kept], classes[kept]
