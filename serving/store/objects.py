"""Custom objects beside a model: JSON, and numpy arrays. Nothing that runs code when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from monitoring.articles import a
from serving.errors import StoreError
from serving.store import files

JSON, ARRAYS = "objects.json", "objects.npz"
TAKEN = ("file", "allow_pickle")
"""Names that numpy's writer has for itself."""


def labels(given: Mapping[str, str]) -> dict[str, str]:
    """Labels, which are text."""
    for name, value in given.items():
        if not isinstance(value, str):
            raise StoreError(
                f"label {name!r} is {value!r}, {a(type(value).__name__)}, and labels are text",
                "give numbers as metadata={...}",
            )
    return dict(given)


def metadata(given: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as JSON holds it; numpy's numbers become Python's."""
    return {name: _plain(f"metadata {name!r}", value) for name, value in given.items()}


def write(folder: Path, custom: Mapping[str, Any]) -> None:
    """Write the objects by name: arrays into one .npz, the others into one JSON file."""
    arrays = {name: value for name, value in custom.items() if isinstance(value, np.ndarray)}
    plain = {name: _plain(f"custom object {name!r}", value) for name, value in custom.items() if name not in arrays}
    for name, array in arrays.items():
        if name in TAKEN:
            raise StoreError(f"an array cannot be called {name!r}", "give it another name")
        if array.dtype.hasobject:
            raise StoreError(f"custom object {name!r} is an array of Python objects", "give it a numeric or text dtype")
    files.write_json(folder / JSON, plain)
    if arrays:
        with (folder / ARRAYS).open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)


def names(folder: Path) -> list[str]:
    """What the objects are called."""
    return sorted(read(folder))


def _plain(what: str, value: Any) -> Any:
    """The value as JSON gives it back, if it gives it back unchanged."""
    value = _listed(value)
    try:
        same = orjson.loads(orjson.dumps(value)) == value
    except TypeError:
        same = False
    if not same:
        raise StoreError(
            f"{what} is {str(value)[:60]!r}, {a(type(value).__name__)}, which JSON cannot hold",
            "give strings, finite numbers, lists, dicts of them, or numpy arrays as custom={...}",
        )
    return value


def _listed(value: Any) -> Any:
    """Tuples come back as lists and numpy's numbers as Python's: those are the changes that JSON may make."""
    if isinstance(value, tuple | list):
        return [_listed(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return {key: _listed(item) for key, item in value.items()} if isinstance(value, dict) else value


def read(folder: Path) -> dict[str, Any]:
    """The objects by name, as they were given."""
    found: dict[str, Any] = files.read_json(folder / JSON)
    if (folder / ARRAYS).is_file():
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            found |= {name: arrays[name] for name in arrays.files}
    return found
