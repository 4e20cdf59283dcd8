"""Tables of every kind, read by column: arrays, dicts of columns, lists of records, pandas, pyarrow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np

from monitoring.reference.feature import ReferenceInvalid
from monitoring.reference.values import items

Array = np.ndarray[Any, np.dtype[Any]]


def names_of(data: Any, names: Sequence[str] | None = None) -> tuple[str, ...]:
    """What the columns are called; those of an array without names are x0, x1…"""
    own = _own_names(data)
    if own is not None:
        return tuple(str(name) for name in own)
    width = np.asarray(data).reshape(len(data), -1).shape[1]
    if names is not None and len(names) != width:
        raise ReferenceInvalid(f"an array of {width} columns got {len(names)} names: {tuple(names)}")
    return tuple(names) if names is not None else tuple(f"x{i}" for i in range(width))


def _own_names(data: Any) -> Sequence[Any] | None:
    if isinstance(data, Mapping):
        return list(data)
    if isinstance(data, np.ndarray):
        return list(data.dtype.names) if data.dtype.names else None
    if hasattr(data, "column_names"):
        return list(data.column_names)
    if hasattr(data, "columns"):
        return list(data.columns)
    first = data[0] if isinstance(data, Sequence) and data else None
    if isinstance(first, Mapping):
        return list(dict.fromkeys(name for record in data for name in record))
    if isinstance(first, str | bytes | int | float | Sequence | np.ndarray | np.generic) or first is None:
        return None
    return list(getattr(first, "model_fields", None) or vars(first))


def rows_of(data: Any) -> int:
    """How many rows it has."""
    if isinstance(data, Mapping):
        lengths = {len(column) for column in data.values()}
        if len(lengths) > 1:
            raise ReferenceInvalid(f"a table's columns have one length, these have {sorted(lengths)}")
        return lengths.pop() if lengths else 0
    return int(data.num_rows) if hasattr(data, "num_rows") else len(data)


def head(data: Any, count: int) -> Any:
    """Its first rows."""
    if isinstance(data, Mapping):
        return {name: column[:count] for name, column in data.items()}
    return data.slice(0, count) if hasattr(data, "num_rows") else data[:count]


def stacked(column: Any) -> Array | None:
    """A column whose values are arrays of one shape, as an array; None where they are anything else."""
    if isinstance(column, np.ndarray) and column.dtype != object:
        return column if column.ndim > 1 else None
    values = items(column)
    if not values or not isinstance(values[0], list | tuple | np.ndarray):
        return None
    return np.stack([np.asarray(value) for value in values])


def is_numeric(name: str, column: Any) -> bool:
    """Whether a column holds numbers; truth values, texts and what says that it is a category are none."""
    if str(getattr(column, "dtype", "")) == "category":
        return False
    array = np.asarray(column)
    if array.dtype.kind in "mM":
        raise ReferenceInvalid(f"column {name!r} holds dates, which always drift: leave_out=({name!r},)")
    if array.ndim > 1:
        raise ReferenceInvalid(f"column {name!r} holds arrays of {array.shape[1:]}: give it alone, or leave it out")
    if array.dtype.kind == "O":
        there = [value for value in items(column) if value is not None]
        return bool(there) and all(isinstance(value, Number) and not isinstance(value, bool) for value in there)
    return array.dtype.kind in "fiu"


def column_reader(data: Any, names: Sequence[str]) -> Callable[[str], Any]:
    """A function from a column's name to its values, or to None where the table has no such column."""
    if isinstance(data, Mapping):
        return data.get
    if isinstance(data, np.ndarray) and data.dtype.names:
        fields = data.dtype.names
        return lambda name: data[name] if name in fields else None
    if hasattr(data, "column_names"):
        return lambda name: data.column(name) if name in data.column_names else None
    if hasattr(data, "columns"):
        return lambda name: data[name] if name in data.columns else None
    if isinstance(data, Sequence) and data and _own_names(data) is not None:
        return _records(data)
    array = as_matrix(data, len(names))
    place = {name: i for i, name in enumerate(names)}
    return lambda name: array[:, place[name]]


def _records(data: Sequence[Any]) -> Callable[[str], Any]:
    if isinstance(data[0], Mapping):
        return lambda name: [record.get(name) for record in data]
    return lambda name: [getattr(record, name, None) for record in data]


def as_matrix(data: Any, width: int) -> Array:
    """Rows without names as an array of that many columns."""
    array = np.asarray(data)
    if array.ndim == 1 and width == 1:
        array = array.reshape(-1, 1)
    if array.ndim != 2 or array.shape[1] != width:
        raise ReferenceInvalid(f"the reference was learnt from {width} columns, this is an array of {array.shape}")
    return array


def numbers(column: Any, dtype: np.dtype[Any]) -> Array:
    """A column as numbers of that type; what is none is NaN."""
    if isinstance(column, np.ma.MaskedArray):
        column = column.tolist()
    array = np.asarray(column)
    with np.errstate(over="ignore", invalid="ignore"):
        if array.dtype.kind in "fiub":
            return array.astype(dtype)
        return np.array([_number(value) for value in items(column)], dtype=np.float64).astype(dtype)


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")
