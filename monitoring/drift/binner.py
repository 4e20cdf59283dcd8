"""From the features of a batch to how many of its rows fell into each bin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from monitoring.reference.feature import Feature, Role

Array = np.ndarray[Any, np.dtype[Any]]

PIECE = 255
"""Rows that are counted at a time: as many as a byte can count, and few enough to stay in a core's cache."""

WASTE = 3
"""How many times more edges may be compared than there are, before features are compared in groups."""


class Binner:
    """Counts the rows of a batch in the bins of all its features at once.

    The counts of the first feature's bins come first, in the order of `Feature.bins`, then the second's, and so on.
    """

    def __init__(
        self,
        features: Sequence[Feature],
        numbers: Sequence[Feature] | None = None,
        categories: Sequence[Feature] | None = None,
    ) -> None:
        """`numbers` and `categories` are the features as the columns of `count` have them, if in another order."""
        ends = list(accumulate((len(feature.bins) for feature in features), initial=0))
        self.width = ends[-1]
        starts = {(feature.name, feature.role): start for feature, start in zip(features, ends, strict=False)}
        ordered = [feature for feature in features if feature.ordered] if numbers is None else numbers
        self._columns = len(ordered)
        self._groups = [
            (_Numbers(alike := [ordered[at] for at in chosen], _of(alike, starts)), np.array(chosen))
            for chosen in _alike([len(feature.edges) for feature in ordered])
        ]
        coded = [feature for feature in features if not feature.ordered] if categories is None else categories
        self._sizes = np.array([len(feature.bins) for feature in coded], np.int64)
        self._starts = np.array(_of(coded, starts), np.int64)

    def count(self, numbers: Array | None = None, codes: Array | None = None) -> Array:
        """How many rows are in each bin.

        `numbers` has a column for each feature with edges, `codes` one for each feature with values, in which is the
        position of the value's bin.
        """
        found = np.zeros(self.width, np.int64)
        if self._columns:
            self._count_numbers(self._rows("numbers", numbers, self._columns), found)
        if len(self._sizes):
            self._count_codes(self._rows("codes", codes, len(self._sizes)), found)
        return found

    def _rows(self, what: str, given: Array | None, columns: int) -> Array:
        if given is None or given.ndim != 2 or given.shape[1] != columns:
            came = "nothing" if given is None else f"an array of {given.shape}"
            raise ValueError(f"{what} is {came}: it has rows of {columns} columns")
        return given

    def _count_numbers(self, rows: Array, found: Array) -> None:
        for group, columns in self._groups:
            group.count(rows if len(columns) == self._columns else rows[:, columns], found)

    def _count_codes(self, codes: Array, found: Array) -> None:
        if codes.size and (codes.min() < 0 or (codes >= self._sizes).any()):
            raise ValueError(
                f"codes are in 0 to {self._sizes.tolist()} (exclusive), got {codes.min()} to {codes.max()}"
            )
        found += np.bincount((codes + self._starts).ravel(), minlength=self.width)


class _Numbers:
    """The features with edges. All edges are compared in one go: a row's bin is the count of edges below its number.

    So the rows above each edge are all that has to be counted; a bin has the difference of two neighbours.
    """

    def __init__(self, features: Sequence[Feature], starts: Sequence[int]) -> None:
        self.size = len(features)
        self.dtype = _common([feature.dtype for feature in features])
        dtypes = [np.dtype(feature.dtype) for feature in features]
        self._narrow = [(at, dtype) for at, dtype in enumerate(dtypes) if dtype.itemsize < self.dtype.itemsize]
        most = max((len(feature.edges) for feature in features), default=0)
        edges = np.full((most, self.size), np.inf, self.dtype)
        for at, feature in enumerate(features):
            edges[: len(feature.edges), at] = feature.edges
        self._edges = edges
        self._to, self._from = self._places(features, starts, most)

    def _places(self, features: Sequence[Feature], starts: Sequence[int], most: int) -> tuple[Array, Array]:
        """Where the counts of each bin go, and where they come from: from a table with the bins of all, and missing."""
        to: list[int] = []
        source: list[int] = []
        for at, (feature, start) in enumerate(zip(features, starts, strict=True)):
            bins = [*range(len(feature.edges) + 1), most + 1]
            to += range(start, start + len(bins))
            source += (number * self.size + at for number in bins)
        return np.array(to, np.int64), np.array(source, np.int64)

    def count(self, rows: Array, found: Array) -> None:
        """Add what each bin has."""
        rows = self._served(rows)
        for start in range(0, len(rows), PIECE):
            found[self._to] += self._table(rows[start : start + PIECE]).ravel()[self._from]

    def _served(self, rows: Array) -> Array:
        """The numbers in the type that the reference's edges were learnt in: else ties fall to another side."""
        with np.errstate(over="ignore"):
            rows = np.asarray(rows, self.dtype)
            if self._narrow:
                rows = rows.copy()
                for at, dtype in self._narrow:
                    rows[:, at] = rows[:, at].astype(dtype)
        return rows

    def _table(self, rows: Array) -> Array:
        above = rows[:, None, :] > self._edges
        over = np.add.reduce(above.view(np.uint8), axis=0, dtype=np.uint8)
        missing = np.add.reduce(np.isnan(rows).view(np.uint8), axis=0, dtype=np.uint8)
        table = np.empty((len(over) + 2, self.size), np.int64)
        table[0] = len(rows) - missing.astype(np.int64)
        table[1:-1] = over
        table[:-2] -= over
        table[-1] = missing
        return table


def _of(features: Sequence[Feature], starts: Mapping[tuple[str, Role], int]) -> list[int]:
    return [starts[feature.name, feature.role] for feature in features]


def _alike(edges: Sequence[int]) -> list[list[int]]:
    """Which features are compared together: all, unless a few with many edges would make it dear for the others."""
    if not edges:
        return []
    if max(edges) * len(edges) <= WASTE * sum(edges):
        return [list(range(len(edges)))]
    groups: dict[int, list[int]] = {}
    for at, count in enumerate(edges):
        groups.setdefault(count.bit_length(), []).append(at)
    return list(groups.values())


def _common(dtypes: Sequence[str]) -> np.dtype[Any]:
    """The type that holds them all exactly: float32 where all are no wider, else float64."""
    small = {np.dtype(np.float16), np.dtype(np.float32)}
    return np.dtype(np.float32 if {np.dtype(dtype) for dtype in dtypes} <= small else np.float64)
