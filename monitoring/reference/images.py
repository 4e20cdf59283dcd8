"""What is watched of a picture: brightness, contrast, sharpness, and a grid of its pixels for what these do not see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from monitoring.reference.feature import ReferenceInvalid

Array = np.ndarray[Any, np.dtype[Any]]

NAMES = ("brightness", "contrast", "sharpness")
GRID = 16
_SIDE = 32
_CHANNELS = (1, 3, 4)


def groups(data: Any) -> list[Array]:
    """Pictures as arrays of (N, height, width): one array where all have one size, else one for each picture."""
    if isinstance(data, np.ndarray) and data.dtype != object:
        return [grey(data)]
    pictures = [np.asarray(picture) for picture in data]
    if len({picture.shape for picture in pictures}) == 1:
        return [grey(np.stack(pictures))]
    return [grey(picture[None]) for picture in pictures]


def grey(pictures: Array) -> Array:
    """(N, height, width) of any pictures; of large ones every n-th pixel and its right and lower neighbour count.

    The channels, first or last, become their mean.
    """
    if pictures.ndim == 3:
        return pictures
    if pictures.ndim != 4:
        raise ReferenceInvalid(f"pictures are (N, height, width), with or without channels; got {pictures.shape}")
    first = pictures.shape[1] in _CHANNELS and pictures.shape[3] not in _CHANNELS
    return np.asarray(pictures.mean(axis=1 if first else 3, dtype=np.float32))


def summaries(pictures: Array) -> Array:
    """Brightness (mean), contrast (standard deviation) and sharpness (mean step to a neighbour) of each picture."""
    count, height, width = pictures.shape
    step = max(1, min(height, width) // _SIDE)
    here = np.asarray(pictures[:, : height - 1 : step, : width - 1 : step], dtype=np.float32)
    right = pictures[:, : height - 1 : step, 1:width:step]
    below = pictures[:, 1:height:step, : width - 1 : step]
    flat = here.reshape(count, -1)
    out = np.empty((count, 3), dtype=np.float32)
    out[:, 0] = flat.mean(axis=1)
    out[:, 1] = flat.std(axis=1)
    steps = np.abs(right - here)
    steps += np.abs(below - here)
    out[:, 2] = steps.reshape(count, -1).mean(axis=1) / 2
    return out


def grid(pictures: Array, shape: Sequence[int]) -> Array:
    """(N, rows * columns) pixels on a regular grid, as many for pictures of any size."""
    rows, columns = (
        ((np.arange(n) + 0.5) * size / n).astype(int) for n, size in zip(shape, pictures.shape[1:], strict=True)
    )
    return pictures[:, rows[:, None], columns].reshape(len(pictures), -1).astype(np.float32)
