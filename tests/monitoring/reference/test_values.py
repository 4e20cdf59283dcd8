from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitoring.reference import Feature
from monitoring.reference.values import Coder, label


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Bern", "Bern"),
        (b"Bern", "Bern"),
        (1, "1"),
        (1.0, "1"),
        (np.float32(0.1), "0.1"),
        (True, "true"),
        (np.bool_(False), "false"),
        (float("inf"), "inf"),
        ("other", "=other"),
        ("missing", "=missing"),
        ("=x", "==x"),
        ("", None),
        (None, None),
        (float("nan"), None),
        ([1, 2], "[1, 2]"),
    ],
)
def test_a_value_has_one_text(value: Any, text: str | None):
    """The same in training and serving, whatever holds it; what is missing has none."""
    assert label(value) == text


def test_a_long_text_is_cut_and_stays_its_own():
    """Two that begin alike are still two."""
    first, second = label("a" * 100 + "1"), label("a" * 100 + "2")
    assert first is not None
    assert second is not None
    assert len(first) == 60
    assert first != second


@pytest.mark.parametrize("column", [["b", None, "zz", "other", "a"], np.array(["b", None, "zz", "other", "a"], object)])
def test_a_column_becomes_positions_of_bins(column: Any):
    """Its values, then other, then missing."""
    assert Coder(Feature("k", "input", (1, 1, 1, 0, 0), values=("a", "b", "=other")))(column).tolist() == [
        1,
        4,
        3,
        2,
        0,
    ]


def test_missing_values_of_pandas_are_missing():
    """NA and NaT are neither None nor NaN."""
    coder = Coder(Feature("k", "input", (1, 0, 0), values=("1",)))
    assert coder(pd.array([1, None], dtype="Int64")).tolist() == [0, 2]
