"""The requests that are sent: pictures as PNG and as arrays, encoded once, so that sending costs next to nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import orjson
from PIL import Image

from servewatch.traffic.client import Sample
from servewatch.traffic.pictures import Labels, Pictures

PREDICT, PREDICT_ARRAY = "/predict", "/predict_array"


def png(picture: Pictures) -> Sample:
    """One picture as a PNG file."""
    file = io.BytesIO()
    Image.fromarray((picture * 255).round().astype(np.uint8)).save(file, format="PNG")
    return Sample(PREDICT, "image/png", file.getvalue())


def as_json(pictures: Pictures) -> Sample:
    """One picture, or several, as a JSON array."""
    return Sample(PREDICT_ARRAY, "application/json", orjson.dumps(pictures.round(4).tolist()))


def npy(pictures: Pictures) -> Sample:
    """One picture, or several, as a NumPy file."""
    file = io.BytesIO()
    np.save(file, pictures)
    return Sample(PREDICT_ARRAY, "application/x-npy", file.getvalue())


def mixed(pictures: Pictures, truth: Labels | None = None) -> list[Sample]:
    """What a service sees in a day: mostly single pictures, some as arrays, a few requests with four rows.

    Those that come more than once are picked evenly: a few favourites would show as drift, and rightly so.
    """
    every = np.arange(len(pictures))
    picked = every[1::8]
    plan: list[tuple[Callable[[Pictures], Sample], Any]] = [
        *((png, place) for place in every),
        *((encode, place) for first, encode in ((0, as_json), (3, npy)) for place in every[first::6]),
        *((npy, picked[start : start + 4]) for start in range(0, len(picked), 4)),
    ]
    shown = [encode(pictures[places]) for encode, places in plan]
    if truth is None:
        return shown
    known = [tuple(np.atleast_1d(truth[places]).tolist()) for _, places in plan]
    return [replace(sample, truth=classes) for sample, classes in zip(shown, known, strict=True)]


def rows(pictures: Pictures, count: int) -> Sample:
    """One request with so many rows, for a flood."""
    return npy(np.resize(pictures, (count, *pictures.shape[1:])))


def with_header(samples: Sequence[Sample], name: str, value: str) -> list[Sample]:
    """The same requests with a header more."""
    return [replace(sample, headers={**sample.headers, name: value}) for sample in samples]
