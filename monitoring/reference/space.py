"""The space in which most rows of the reference lie: how far a row is out of it, and from its class's middle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

RESIDUAL, CLASS_DISTANCE, CENTROID_DISTANCE = "residual", "class_distance", "centroid_distance"
"""How far a row is out of the space, from its class's mean within it, and from the middle of all."""

MOST_COMPONENTS = 8
_EXPLAINED = 0.8
_NOISE = 1e-5
_FAR = 1e15


@dataclass(frozen=True, slots=True)
class Space:
    """The first principal components of scaled rows, and each class's mean in them."""

    mean: Array
    scale: Array
    components: Array
    class_means: Array

    @classmethod
    def fit(cls, rows: Array, classes: Array | None = None, count: int = 0, *, each: bool = False) -> Space:
        """Learn it from rows; `each` scales every column by itself, for columns that have units of their own.

        `classes` are the rows' classes, 0 to `count` - 1; -1 is none.
        """
        rows = rows.astype(np.float64)
        mean = np.nan_to_num(_mean(rows))
        spread = np.nan_to_num(np.sqrt(_mean((rows - mean) ** 2)))
        scale = np.where(spread > 0, spread, 1.0) if each else np.full(len(mean), np.sqrt(np.mean(spread**2)) or 1.0)
        known = np.nan_to_num((rows - mean) / scale)
        values, vectors = np.linalg.eigh(known.T @ known / max(1, len(known)))
        kept = _kept(values[::-1])
        components = vectors[:, ::-1][:, :kept]
        components = components * np.sign(components[np.abs(components).argmax(axis=0), np.arange(kept)])
        parts = known @ components
        means = np.zeros((count if classes is not None else 0, kept))
        for index in range(len(means)):
            if np.any(chosen := classes == index):
                means[index] = parts[chosen].mean(axis=0)
        return cls(_short(mean, 8), _short(1 / scale), _short(components), _short(means))

    def measure(self, rows: Array, classes: Array | None, names: Sequence[str]) -> Array:
        """What has these names, a column each; `classes` are the rows' classes, -1 for none.

        A value that is missing or endless counts as the mean: what is missing is watched where it is missing.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = (rows - self.mean) * self.scale
            whole = np.einsum("ij,ij->i", scaled, scaled)
            if not np.isfinite(whole).all():
                scaled[~(np.abs(scaled) < _FAR)] = 0
                whole = np.einsum("ij,ij->i", scaled, scaled)
        parts = scaled @ self.components
        found = np.empty((len(rows), len(names)), dtype=scaled.dtype)
        for place, name in enumerate(names):
            found[:, place] = self._measured(name, whole, parts, classes)
        np.sqrt(found, out=found)
        return found

    def _measured(self, name: str, whole: Array, parts: Array, classes: Array | None) -> Array:
        if name == CENTROID_DISTANCE:
            return whole
        if name == RESIDUAL:
            left: Array = whole - np.einsum("ij,ij->i", parts, parts)
            left[left < _NOISE * whole] = 0
            return left
        if classes is None:
            return np.full(len(whole), np.nan)
        known = (classes >= 0) & (classes < len(self.class_means))
        away = parts - self.class_means[np.where(known, classes, 0)]
        return np.asarray(np.where(known, np.einsum("ij,ij->i", away, away), np.nan))

    def narrow(self) -> Space:
        """The same in float32, to measure with."""
        return Space(*(getattr(self, name).astype(np.float32) for name in self.__slots__))

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return {name: getattr(self, name).tolist() for name in self.__slots__}

    @classmethod
    def read(cls, plain: Mapping[str, Any]) -> Space:
        """From what `plain` gave."""
        parts = [np.array(plain[name], dtype=np.float64) for name in cls.__slots__]
        return cls(*parts).narrow()


def _mean(rows: Array) -> Array:
    there = np.isfinite(rows)
    return np.asarray(np.where(there, rows, 0).sum(axis=0) / np.maximum(1, there.sum(axis=0)))


def _kept(values: Array) -> int:
    """Components that explain most; never all that vary, so that something is left to be measured."""
    explained = np.cumsum(values) / max(float(values.sum()), 1e-300)
    varying = int((values > _NOISE * values[0]).sum())
    wanted = int(np.searchsorted(explained, _EXPLAINED)) + 1
    return max(1, min(wanted, MOST_COMPONENTS, varying - 1))


def _short(part: Array, digits: int = 5) -> Array:
    """Digits enough to measure with, few enough to read."""
    return np.array([float(f"{value:.{digits}g}") for value in part.ravel()]).reshape(part.shape)


def steady(values: Array) -> Array:
    """Four digits of float32: sums that differ in their last digits between batches are one value again."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.int32)
    return ((bits + 512) & -1024).view(np.float32)
