"""Features made of summaries: where the bins of a number end, which values a category has."""

from __future__ import annotations

from typing import Any

import numpy as np

from monitoring.reference.feature import Feature, Role
from monitoring.reference.sketch import Frequent, Quantiles

Array = np.ndarray[Any, np.dtype[Any]]
_DIGITS = 7


def ordered(name: str, role: Role, column: Quantiles, bins: int, dtype: np.dtype[Any], items: Any = None) -> Feature:
    """A number's bins: quantiles that are values of the column, or each value by itself where there are no more.

    `items` are the column's own unless given, as when they were calibrated.
    """
    values, weights = column.items() if items is None else items
    if not len(values):
        return Feature(name, role, (column.below, column.above, column.missing), edges=(0.0,), dtype=dtype.name)
    most = values[-1] if items is not None else column.most
    least = values[0] if items is not None else column.least
    edges = np.unique((_below(least, dtype), *_cuts(values, weights, bins), most))
    place = np.searchsorted(edges, values, side="left")
    counts = np.bincount(place, weights, minlength=len(edges) + 1)
    sums = np.bincount(place, weights * values, minlength=len(edges) + 1)
    counts[0] += column.below
    counts[-1] += column.above
    return Feature(
        name,
        role,
        (*(int(count) for count in counts), column.missing),
        edges=tuple(edges.tolist()),
        dtype=dtype.name,
        middles=_middles(edges, sums, np.bincount(place, weights, minlength=len(edges) + 1)),
        spread=_short(column.spread if items is None else _spread(values, weights)),
    )


def _cuts(values: Array, weights: Array, bins: int) -> Array:
    different = np.unique(values)
    if len(different) <= bins:
        return different
    heaped = np.cumsum(weights)
    wanted = np.arange(1, bins) / bins * heaped[-1]
    return np.asarray(values[np.searchsorted(heaped, wanted * (1 - 1e-12))])


def _below(least: float, dtype: np.dtype[Any]) -> float:
    """The largest number below it that the type has; around 0 the largest that no processor takes for 0."""
    info = np.finfo(dtype)
    with np.errstate(over="ignore"):
        below = float(np.nextafter(dtype.type(least), dtype.type(-np.inf)))
    return max(min(below, least - float(info.tiny)) if abs(below) < info.tiny else below, float(info.min))


def _middles(edges: Array, sums: Array, counts: Array) -> tuple[float, ...]:
    """The mean of each bin; of one with nothing in it the middle between its edges, or its only edge."""
    between = np.concatenate((edges[:1], (edges[1:] + edges[:-1]) / 2, edges[-1:]))
    means = np.divide(sums, counts, out=between, where=counts > 0)
    return tuple(_short(mean) for mean in means.tolist())


def _spread(values: Array, weights: Array) -> float:
    mean = np.average(values, weights=weights)
    return float(np.sqrt(np.average((values - mean) ** 2, weights=weights)))


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def category(name: str, role: Role, column: Frequent, top: int, least: int) -> Feature | None:
    """A category's most frequent values; None where no value is there often enough to be named."""
    found = column.top(top, least)
    other = column.rows - column.missing - sum(count for _, count in found)
    counts = (*(count for _, count in found), other, column.missing)
    return Feature(name, role, counts, values=tuple(value for value, _ in found)) if found else None
