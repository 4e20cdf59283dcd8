from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitoring.reference import ReferenceInvalid
from monitoring.reference.files import chunks

FRAME = pd.DataFrame({"x": [1.5, np.nan, -2.0], "zip": ["0101", "8000", ""], "word": ["a", "b", "c"]})


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_comes_in_chunks_of_columns(ending: str, tmp_path: Path):
    """Of so many rows, with its names; a missing number is NaN."""
    path = tmp_path / f"table.{ending}"
    FRAME.to_csv(path, index=False) if ending == "csv" else FRAME.to_parquet(path)
    first, second = chunks(path, rows=2, text=("zip",))
    assert list(first) == ["x", "zip", "word"]
    assert np.asarray(first["x"], dtype=float) == pytest.approx([1.5, np.nan], nan_ok=True)
    assert [str(value) for value in np.asarray(second["zip"])] == [""]
    assert [str(value) for value in np.asarray(first["zip"])] == ["0101", "8000"]


def test_a_column_of_digits_is_of_numbers_unless_it_is_said_to_be_text(tmp_path: Path):
    """A postal code keeps its zeros where it is named."""
    path = tmp_path / "table.csv"
    path.write_text("zip\n0101\n8000\n")
    (numbers,), (texts,) = chunks(path), chunks(path, text=("zip",))
    assert numbers["zip"].tolist() == [101, 8000]
    assert texts["zip"] == ["0101", "8000"]


def test_arrays_come_in_chunks_of_rows(tmp_path: Path):
    """One of .npy as it is, those of .npz by their names."""
    rows = np.arange(10).reshape(5, 2)
    np.save(tmp_path / "rows.npy", rows)
    np.savez(tmp_path / "rows.npz", rows=rows, labels=np.arange(5))
    assert [len(chunk) for chunk in chunks(tmp_path / "rows.npy", rows=2)] == [2, 2, 1]
    last = list(chunks(tmp_path / "rows.npz", rows=2))[-1]
    assert (last["rows"].tolist(), last["labels"].tolist()) == ([[8, 9]], [4])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", b"", r"a\.txt is no file that can be learnt from: they end in \.parquet, \.csv"),
        ("a.csv", b"", r"a\.csv has no line of names"),
        ("a.csv", b"x,y\n1\n", "a line of 1 fields, and 2 names"),
        ("a.csv", b"x\n\xff\n", r"a\.csv cannot be read"),
        ("a.parquet", b"PAR1", r"a\.parquet cannot be read"),
        ("a.npy", b"\x93NUMPY", r"a\.npy cannot be read"),
        ("a.npz", b"PK", r"a\.npz cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(name: str, content: bytes, told: str, tmp_path: Path):
    """With the reason, whatever the library raises."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ReferenceInvalid, match=told):
        list(chunks(tmp_path / name))


def test_pickles_are_not_read(tmp_path: Path):
    """An array of Python objects could run code."""
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ReferenceInvalid, match=r"a\.npy cannot be read"):
        list(chunks(tmp_path / "a.npy"))
