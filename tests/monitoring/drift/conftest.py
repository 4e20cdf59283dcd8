"""References that are small enough to count by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from monitoring.reference import Feature, Reference

AGE = Feature("age", "input", (0, 10, 10, 0, 0), edges=(0.0, 10.0, 20.0), dtype="float32")
CITY = Feature("city", "input", (5, 5, 0, 0), values=("Rome", "Oslo"))


def columns(*features: Feature, **more: Any) -> Reference:
    """A reference of a table's columns."""
    spec = {"kind": "columns", "served": [feature.name for feature in features], "dtype": "float32"}
    return Reference(features, {"inputs": spec}, **more)


def many(count: int = 200, edges: int = 11, dtype: str = "float32", seed: int = 0) -> Reference:
    """So many features with so many edges each."""
    chance = np.random.default_rng(seed)

    def feature(number: int) -> Feature:
        cut = np.sort(chance.normal(size=edges).astype(dtype)).tolist()
        return Feature(f"x{number}", "input", (1,) * (edges + 2), tuple(cut), dtype=dtype)

    return columns(*(feature(number) for number in range(count)))


@pytest.fixture
def reference() -> Reference:
    """One number, one category."""
    return columns(AGE, CITY)
