"""The pictures that demo traffic shows to the service: of the test data that the demo model has never seen."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from serving.errors import ModelNotFound, ServewatchError
from serving.store import Store

Pictures = NDArray[np.float32]
"""Shape (N, 28, 28), grey values in 0..1."""

Labels = NDArray[np.int64]
"""The index of each picture's class."""

MOST = 4096
"""Pictures that are shown: so many that showing them again and again is not itself drift from all test pictures."""

DATA = "examples.fashion.data"
MODEL = "fashion_mnist"


class PicturesMissing(ServewatchError):
    """The demo's pictures cannot be loaded here."""

    code = "pictures_missing"


def load(home: Path, count: int = MOST) -> Pictures:
    """At most so many test pictures of the data that the model in the store was trained on; without a model, digits."""
    pictures: Pictures = _data(home).test_images[:count].astype(np.float32)
    return pictures


def labels(home: Path, count: int = MOST) -> Labels:
    """The classes of the same pictures."""
    found: Labels = _data(home).test_labels[:count].astype(np.int64)
    return found


def _data(home: Path) -> Any:
    try:
        data: Any = importlib.import_module(DATA)
        garments = home / "data" / "fashion-mnist"
        # What a model has never been trained on would show as drift, and rightly so.
        return data.fashion(garments) if _dataset(home) == "fashion-mnist" and garments.is_dir() else data.digits()
    except ImportError as error:
        raise PicturesMissing(
            f"the demo's pictures cannot be loaded: {error}",
            "run this in the project's folder, with pip install 'servewatch[examples]'",
        ) from None


def _dataset(home: Path) -> str:
    try:
        return str(Store(home / "models").find(MODEL).labels.get("dataset", ""))
    except ModelNotFound:
        return ""
