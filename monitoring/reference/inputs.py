"""What a model was given, as features: the columns of a table, the looks of a picture, the place of an embedding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from monitoring.reference import images, table
from monitoring.reference.feature import ReferenceInvalid
from monitoring.reference.space import CENTROID_DISTANCE, CLASS_DISTANCE, RESIDUAL, steady

Array = np.ndarray[Any, np.dtype[Any]]

MOST_PLACES = 1024
FLOAT = np.dtype(np.float32)


class Inputs(Protocol):
    """Reads inputs of one kind."""

    @property
    def names(self) -> tuple[str, ...]:
        """The numbers that are read."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The columns of categories."""

    @property
    def measured(self) -> tuple[str, ...]:
        """What is measured in the space that the reference's rows lie in."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of its numbers."""

    def read(self, data: Any, more: int = 0) -> tuple[Array, Array]:
        """(rows, numbers + `more`), where the last ones are for others to fill; and the rows' places in the space."""

    def column(self, data: Any) -> Callable[[str], Any]:
        """A function from a category's name to its column."""

    def plain(self) -> dict[str, Any]:
        """For the reference's extraction."""


class Columns:
    """A table. `served` are all its columns in the order in which an array without names has them."""

    measured: tuple[str, ...] = (RESIDUAL,)

    def __init__(
        self, served: Sequence[str], names: Sequence[str], categories: Sequence[str], dtype: str = "float32"
    ) -> None:
        self.served, self.names, self.categories = tuple(served), tuple(names), tuple(categories)
        self.dtype = np.dtype(dtype)
        place = {name: i for i, name in enumerate(self.served)}
        places = [place[name] for name in self.names]
        self._places = None if places == list(range(len(self.served))) else places

    def read(self, data: Any, more: int = 0) -> tuple[Array, Array]:
        count = len(self.names)
        if type(data) is np.ndarray and data.dtype.kind in "fiub":
            array = table.as_matrix(data, len(self.served))
            out = np.empty((len(array), count + more), dtype=self.dtype)
            with np.errstate(over="ignore"):
                out[:, :count] = array if self._places is None else array[:, self._places]
            return out, out[:, :count]
        column = table.column_reader(data, self.served)
        out = np.full((table.rows_of(data), count + more), np.nan, dtype=self.dtype)
        for place, name in enumerate(self.names):
            if (found := column(name)) is not None:
                out[:, place] = table.numbers(found, self.dtype)
        return out, out[:, :count]

    def column(self, data: Any) -> Callable[[str], Any]:
        return table.column_reader(data, self.served)

    def plain(self) -> dict[str, Any]:
        return {"kind": "columns", "served": list(self.served), "dtype": str(self.dtype)}


class Pictures:
    """Pictures, of one size or of many."""

    names: tuple[str, ...] = images.NAMES
    measured: tuple[str, ...] = (RESIDUAL, CLASS_DISTANCE)
    categories: tuple[str, ...] = ()
    dtype = FLOAT

    def __init__(self, grid: Sequence[int]) -> None:
        self.grid = tuple(grid)

    @classmethod
    def of(cls, data: Any) -> Pictures:
        """For pictures like these."""
        return cls([min(images.GRID, size) for size in images.groups(data)[0].shape[1:]])

    def read(self, data: Any, more: int = 0) -> tuple[Array, Array]:
        groups = images.groups(data)
        out = np.empty((sum(map(len, groups)), len(self.names) + more), dtype=FLOAT)
        out[:, : len(self.names)] = steady(np.concatenate([images.summaries(group) for group in groups]))
        return out, np.concatenate([images.grid(group, self.grid) for group in groups])

    def column(self, data: Any) -> Callable[[str], Any]:
        raise ReferenceInvalid("pictures have no columns")

    def plain(self) -> dict[str, Any]:
        return {"kind": "images", "grid": list(self.grid)}


class Embeddings:
    """Vectors whose single numbers mean nothing: how long they are, and where they lie."""

    names: tuple[str, ...] = ("norm",)
    measured: tuple[str, ...] = (CENTROID_DISTANCE, RESIDUAL, CLASS_DISTANCE)
    categories: tuple[str, ...] = ()
    dtype = FLOAT

    def __init__(self, size: int) -> None:
        self.size = size

    @classmethod
    def of(cls, data: Any) -> Embeddings:
        """For vectors like these."""
        return cls(int(np.prod(np.asarray(data).shape[1:])))

    def read(self, data: Any, more: int = 0) -> tuple[Array, Array]:
        array = np.asarray(data, dtype=FLOAT)
        whole = table.as_matrix(array.reshape(len(array), -1), self.size)
        out = np.empty((len(whole), 1 + more), dtype=FLOAT)
        out[:, 0] = steady(np.sqrt(np.einsum("ij,ij->i", whole, whole)))
        return out, whole[:, :: -(-self.size // MOST_PLACES)]

    def column(self, data: Any) -> Callable[[str], Any]:
        raise ReferenceInvalid("embeddings have no columns")

    def plain(self) -> dict[str, Any]:
        return {"kind": "embeddings", "size": self.size}


def read(plain: Mapping[str, Any], numbers: Sequence[str], categories: Sequence[str]) -> Inputs:
    """From the reference's extraction, and the names of its features."""
    if plain["kind"] == "columns":
        return Columns(plain["served"], numbers, categories, plain["dtype"])
    if plain["kind"] == "images":
        return Pictures(plain["grid"])
    if plain["kind"] == "embeddings":
        return Embeddings(plain["size"])
    raise ReferenceInvalid(f"inputs are {plain['kind']!r}; this version reads columns, images and embeddings")
