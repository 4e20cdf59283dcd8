"""A store in a folder of its own, a clock for it, and models to save."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch
from torch import nn

from serving import Store

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Ticking:
    """A clock that moves by a second whenever it is read."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models", Ticking())


@pytest.fixture
def linear() -> Callable[..., nn.Module]:
    """`linear(value)` is a layer from 2 to 1 whose weights are that value."""

    def make(value: float = 1.0) -> nn.Module:
        model = nn.Linear(2, 1)
        nn.init.constant_(model.weight, value)
        nn.init.zeros_(model.bias)
        return model

    return make


@pytest.fixture
def save(store: Store, linear: Callable[..., nn.Module]) -> Callable[..., str]:
    """`save("name:version")` puts a layer in the store and gives its whole tag."""

    def put(tag: str, value: float = 1.0, **options: object) -> str:
        sizes = {"in_features": 2, "out_features": 1}
        return str(store.save(tag, linear(value), arguments=sizes, **options).tag)  # type: ignore[arg-type]

    torch.set_num_threads(1)
    return put
