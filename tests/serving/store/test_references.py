from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from monitoring.reference import Reference, learn
from serving import Store
from serving.errors import ModelDamaged
from serving.store import archive

Save = Callable[..., str]
FIRST, SECOND = learn({"x": np.arange(100.0)}), learn({"x": np.arange(50.0)})


def test_a_model_comes_back_with_the_reference_that_it_was_saved_with(store: Store, save: Save) -> None:
    """Loaded, and asked for without loading; a model without one has none."""
    save("flowers:1", reference=FIRST)
    save("trees:1")
    assert store.load("flowers", device="cpu").reference == store.reference("flowers") == FIRST
    assert store.load("trees", device="cpu").reference is store.reference("trees") is None


def test_a_reference_is_attached_to_a_version_that_is_there(store: Store, save: Save) -> None:
    """It takes the place of the one before; nothing else of the version changes, and the seal stays true."""
    save("flowers:1", 3.0)
    before = store.find("flowers")
    for reference in (FIRST, SECOND, SECOND):
        assert store.attach("flowers:1", reference) == before
        assert store.load("flowers", device="cpu").reference == reference
    assert [path.name for path in store.path(before.tag).glob("reference*")] == [f"reference-{SECOND.hash}.json"]
    assert store.load("flowers", device="cpu")(np.ones((1, 2), np.float32)).tolist() == [[6.0]]


@pytest.mark.parametrize(
    "left", [f"reference-{SECOND.hash}.json", f".reference-{SECOND.hash}.json-ab1_2c", ".manifest.json-x7y8z9"]
)
def test_attaching_that_is_cut_short_leaves_the_version_as_it_was(store: Store, save: Save, left: str) -> None:
    """A file that no manifest names yet is nothing: what was before is loaded, and attaching again works."""
    save("flowers:1", reference=FIRST)
    folder = store.path(store.find("flowers").tag)
    (folder / left).write_text(SECOND.dumps()[:100])
    assert store.load("flowers", device="cpu").reference == FIRST
    store.attach("flowers", SECOND)
    assert store.load("flowers", device="cpu").reference == SECOND


@pytest.mark.parametrize("change", ["edit", "remove"])
def test_a_reference_that_changes_or_goes_is_noticed(store: Store, save: Save, change: str) -> None:
    """Like each other file of the model."""
    save("flowers:1", reference=FIRST)
    (path,) = store.path(store.find("flowers").tag).glob("reference*")
    path.unlink() if change == "remove" else path.write_text(SECOND.dumps())
    with pytest.raises(ModelDamaged, match=path.name):
        store.load("flowers", device="cpu")


def test_a_reference_is_not_attached_to_a_damaged_version(store: Store, save: Save) -> None:
    """A new seal would hide the damage."""
    save("flowers:1")
    (store.path(store.find("flowers").tag) / "objects.json").write_text("{}")
    with pytest.raises(ModelDamaged, match=r"objects\.json"):
        store.attach("flowers", FIRST)


def test_a_reference_moves_with_its_model(store: Store, save: Save, tmp_path: Path) -> None:
    """Exported and imported into another store, the version has it."""
    save("flowers:1")
    store.attach("flowers", FIRST)
    other = Store(tmp_path / "other")
    archive.take_in(other, archive.export(store, "flowers", tmp_path / "flowers.tar.gz"))
    assert other.reference("flowers") == FIRST


ATTACHING = """
import sys
from pathlib import Path
import numpy as np
from monitoring.reference import learn
from serving import Store
store = Store(Path(sys.argv[1]))
for turn in range(40):
    store.attach("flowers", learn({"x": np.arange(20.0 + turn)}))
"""


def test_loading_while_a_reference_is_attached_sees_the_old_or_the_new(store: Store, save: Save) -> None:
    """Another process attaches forty; each time that the model is loaded meanwhile, it has one of them, whole."""
    save("flowers:1", reference=FIRST)
    child = subprocess.Popen([sys.executable, "-c", ATTACHING, str(store.folder)])
    seen: set[str] = set()
    while child.poll() is None:
        reference = store.load("flowers", device="cpu").reference
        assert isinstance(reference, Reference)
        seen.add(reference.hash)
    assert child.returncode == 0
    last = store.reference("flowers")
    assert last is not None
    assert last.hash == learn({"x": np.arange(59.0)}).hash
    assert len(seen) > 1
