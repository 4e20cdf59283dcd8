"""Tables in files, in chunks that fit into memory."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from monitoring.reference.feature import ReferenceInvalid

ROWS = 16_384
KINDS = (".parquet", ".csv", ".npy", ".npz")


def chunks(path: Path, *, rows: int = ROWS, text: Sequence[str] = ()) -> Iterator[Any]:
    """The file's rows: of .parquet and .csv as columns, of .npy as arrays, of .npz as the arrays that it names.

    In a .csv a column is of numbers if all of its first chunk are, unless it is one of `text`.
    """
    if path.suffix not in KINDS:
        raise ReferenceInvalid(f"{path} is no file that can be learnt from: they end in {', '.join(KINDS)}")
    if not path.is_file():
        raise ReferenceInvalid(f"{path} is not a file")
    try:
        yield from _READERS[path.suffix](path, rows, text)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, ReferenceInvalid):
            raise
        raise ReferenceInvalid(f"{path} cannot be read: {str(error).partition(chr(10))[0]}") from None


def _parquet(path: Path, rows: int, text: Sequence[str]) -> Iterator[Any]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ReferenceInvalid(f"{path} needs pyarrow to be read: pip install 'servewatch[drift]'") from None
    with parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=rows):
            yield {name: batch.column(name) for name in batch.schema.names}


def _csv(path: Path, rows: int, text: Sequence[str]) -> Iterator[Any]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        names = next(reader, None)
        if not names:
            raise ReferenceInvalid(f"{path} has no line of names")
        numeric: set[str] | None = None
        while lines := list(islice(reader, rows)):
            if wrong := next((line for line in lines if len(line) != len(names)), None):
                raise ReferenceInvalid(f"{path} has a line of {len(wrong)} fields, and {len(names)} names: {wrong}")
            columns = dict(zip(names, zip(*lines, strict=True), strict=True))
            if numeric is None:
                numeric = {name for name in names if name not in text and _all_numbers(columns[name])}
            yield {n: _numbers(found) if n in numeric else list(found) for n, found in columns.items()}


def _all_numbers(values: Sequence[str]) -> bool:
    try:
        return len([float(value) for value in values if value.strip()]) > 0
    except ValueError:
        return False


def _numbers(values: Sequence[str]) -> Any:
    found = np.full(len(values), np.nan)
    for place, value in enumerate(values):
        try:
            found[place] = float(value) if value.strip() else np.nan
        except ValueError:
            continue
    return found


def _npy(path: Path, rows: int, text: Sequence[str]) -> Iterator[Any]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    for start in range(0, len(array), rows):
        yield np.asarray(array[start : start + rows])


def _npz(path: Path, rows: int, text: Sequence[str]) -> Iterator[Any]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    lengths = {name: len(array) for name, array in arrays.items() if array.ndim}
    if len(lengths) < len(arrays) or len(set(lengths.values())) != 1:
        raise ReferenceInvalid(f"{path} holds arrays of different lengths: {lengths}")
    for start in range(0, next(iter(lengths.values())), rows):
        yield {name: array[start : start + rows] for name, array in arrays.items()}


_READERS = {".parquet": _parquet, ".csv": _csv, ".npy": _npy, ".npz": _npz}
