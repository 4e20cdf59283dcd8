from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from torch import nn

from serving.processes.lazy import LazyModel
from serving.processes.pins import pinned
from serving.store import Model, Store


class Loads:
    """A store with one model, and how often it was loaded."""

    def __init__(self, folder: Path) -> None:
        self.store, self.count = Store(folder), 0
        self.info = self.store.save("flowers:1", nn.Identity(), custom={"classes": ["rose"]}, metadata={"a": 1})

    def load(self) -> Model:
        self.count += 1
        return self.store.load("flowers:1", device="cpu")


@pytest.fixture
def loads(tmp_path: Path) -> Loads:
    return Loads(tmp_path)


def test_what_is_known_of_a_model_needs_no_weights(loads: Loads) -> None:
    """Name, version, metadata, objects, path and its text are there, and nothing was loaded."""
    model = LazyModel(loads.store, loads.info, loads.load)
    assert isinstance(model, Model)
    assert (model.name, model.version, model.info.metadata, model.objects) == (
        "flowers",
        "1",
        {"a": 1},
        {"classes": ["rose"]},
    )
    assert (model.path.is_dir(), repr(model)) == (True, "LazyModel(flowers:1)")
    assert loads.count == 0


def test_whoever_calls_it_loads_it_once(loads: Loads) -> None:
    """Calls, `predict` and `raw` are those of the loaded model, which is loaded one time."""
    model = LazyModel(loads.store, loads.info, loads.load)
    assert model([[1.0, 2.0]]).tolist() == [[1.0, 2.0]]
    assert isinstance(model.raw, nn.Identity)
    assert model.predict([[3.0]]).tolist() == [[3.0]]
    assert loads.count == 1


class Master:
    """What a control asks: the first word on a tag holds."""

    def __init__(self) -> None:
        self.pins: dict[str, str] = {}

    def ask(self, kind: str, tag: str, version: str) -> Any:
        return self.pins.setdefault(tag, version)


def test_all_processes_have_the_version_that_the_first_found(loads: Loads) -> None:
    """`latest` moves between the starts of two processes: both have what it was at first."""
    master: Any = Master()
    assert pinned(master, loads.store, "flowers").version == "1"
    loads.store.save("flowers:2", nn.Identity())
    assert loads.store.find("flowers").version == "2"
    assert pinned(master, loads.store, "flowers").version == "1"
    assert pinned(master, loads.store, "flowers:2").version == "2"
