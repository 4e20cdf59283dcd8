from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving import Store
from serving.errors import ModelDamaged, ModelNotFound, StoreError
from serving.store.tag import TagInvalid

Save = Callable[..., str]
ROWS = np.array([[1, 2], [3, 4]], dtype=np.float32)


def everything(folder: Path) -> set[str]:
    """The files of a folder, but the lock's."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return found - {".lock"}


def test_a_model_comes_back_as_it_was_saved(store: Store, save: Save) -> None:
    """Weights, labels, metadata and custom objects survive the store; the loaded model knows its version."""
    custom = {"classes": ["a", "b"], "scale": np.array([0.5, 2.0]), "nested": {"n": [1, None, True]}}
    tag = save("flowers:1.0", 3.0, labels={"task": "demo"}, metadata={"accuracy": 0.9}, custom=custom)
    model = store.load("flowers", device="cpu")
    assert tag == "flowers:1.0"
    assert model(ROWS).tolist() == [[9.0], [21.0]]
    assert (model.name, model.version) == ("flowers", "1.0")
    assert (model.info.labels, model.info.metadata) == ({"task": "demo"}, {"accuracy": 0.9})
    assert model.objects["classes"] == ["a", "b"]
    assert model.objects["nested"] == {"n": [1, None, True]}
    assert model.objects["scale"].tolist() == [0.5, 2.0]


def test_a_version_that_is_not_named_is_made_of_time_and_content(store: Store, save: Save) -> None:
    """Names of versions sort by time, and differ with the content."""
    first, second = save("flowers", 1.0), save("flowers", 2.0)
    assert first.startswith("flowers:20260102T0304")
    assert first < second
    assert first.rpartition("-")[2] != second.rpartition("-")[2]


def test_latest_is_what_was_saved_last(store: Store, save: Save) -> None:
    """`name` and `name:latest` are the newest; a version stays what it was."""
    save("flowers:b", 1.0)
    save("flowers:a", 2.0)
    assert store.find("flowers").version == store.find("flowers:latest").version == "a"
    assert store.find("flowers:b").version == "b"


def test_listing_is_by_name_and_then_oldest_first(store: Store, save: Save) -> None:
    """Also versions of one moment's names, and one name's alone."""
    for tag in ("b:10", "a:2", "b:9", "a:1"):
        save(tag)
    assert [str(info.tag) for info in store] == ["a:2", "a:1", "b:10", "b:9"]
    assert [info.version for info in store.list("a")] == ["2", "1"]
    assert store.list("c") == []


def test_what_is_listed_is_the_contracts(store: Store, save: Save) -> None:
    """Name, version, framework, created, labels, metadata and size, and all of it is JSON."""
    save("flowers:1", labels={"x": "y"})
    shown = store.find("flowers").listed()
    assert list(shown) == ["name", "version", "framework", "created", "labels", "metadata", "size"]
    assert (shown["framework"], shown["created"]) == ("pytorch", "2026-01-02T03:04:06.000+00:00")
    assert shown["size"] > 100
    assert json.loads(json.dumps(shown)) == shown


def test_a_version_cannot_be_saved_twice(store: Store, save: Save) -> None:
    """The second is refused, and changes nothing."""
    save("flowers:1", 1.0)
    before = everything(store.folder)
    with pytest.raises(StoreError, match="flowers:1 is in the store already") as caught:
        save("flowers:1", 2.0)
    assert caught.value.help == f"SERVEWATCH_HOME={store.folder.parent} servewatch models delete flowers:1"
    assert everything(store.folder) == before
    assert store.load("flowers:1", device="cpu")(ROWS).tolist() == [[3.0], [7.0]]


def test_a_crash_while_saving_leaves_nothing(store: Store, save: Save) -> None:
    """A save that fails half-way leaves no file and no name, and `latest` is what it was."""
    with pytest.raises(StoreError, match=r"custom object 'bad' is .*an object"):
        save("flowers:1", custom={"bad": object()})
    assert list(store.folder.iterdir()) == []
    save("flowers:1")
    before = everything(store.folder)
    with pytest.raises(StoreError, match="custom object 'bad'"):
        save("flowers:2", custom={"bad": object()})
    assert everything(store.folder) == before
    assert store.find("flowers").version == "1"


@pytest.mark.parametrize("file", ["model.json", "manifest.json", "objects.json", "objects.npz", "model/weights.pt"])
def test_a_flipped_byte_in_any_file_is_noticed(store: Store, save: Save, file: str) -> None:
    """A damaged file is named when the model is loaded."""
    save("flowers:1", custom={"scale": np.ones(3)})
    path = store.folder / "flowers" / "1" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelDamaged) as caught:
        store.load("flowers", device="cpu")
    assert file in caught.value.message or file == "manifest.json"
    assert caught.value.help


@pytest.mark.parametrize(
    ("change", "problem"), [("add", "was added"), ("remove", "is missing"), ("link", "has changed")]
)
def test_files_that_come_go_or_become_links_are_noticed(store: Store, save: Save, change: str, problem: str) -> None:
    """What is not what was saved is not loaded."""
    save("flowers:1")
    folder = store.folder / "flowers" / "1" / "model"
    weights = folder / "weights.pt"
    if change == "add":
        (folder / "extra.py").write_text("print()")
    else:
        moved = weights.rename(store.folder / "elsewhere.pt")
        if change == "link":
            weights.symlink_to(moved)
    with pytest.raises(ModelDamaged, match=problem):
        store.load("flowers", device="cpu")


@pytest.mark.parametrize("content", ["[]", "{}", '{"sha256": []}', '"x"', ""])
def test_a_manifest_that_lists_nothing_is_no_manifest(store: Store, save: Save, content: str) -> None:
    """Replacing the manifest does not turn the check off."""
    save("flowers:1")
    (store.folder / "flowers" / "1" / "manifest.json").write_text(content)
    with pytest.raises(ModelDamaged, match=r"manifest\.json"):
        store.load("flowers", device="cpu")


@pytest.mark.parametrize("content", ["[]", "{}", '{"name": 1}', "null", '{"name": "a", "other": 2}'])
def test_a_description_that_is_none_names_its_file(store: Store, save: Save, content: str) -> None:
    """A model.json of another form is an error of two lines, not a traceback."""
    save("flowers:1")
    (store.folder / "flowers" / "1" / "model.json").write_text(content)
    with pytest.raises(ModelDamaged, match=r"model\.json"):
        store.find("flowers:1")


def test_what_is_not_there_is_named_with_what_is(store: Store, save: Save) -> None:
    """A mistyped name or version gets the ones that there are."""
    with pytest.raises(ModelNotFound, match="'flowers' is not in the store; it has no model"):
        store.find("flowers")
    save("flowers:1")
    save("trees:7")
    with pytest.raises(ModelNotFound, match="'flwers' is not in the store; it has 'flowers', 'trees'") as caught:
        store.find("flwers")
    assert caught.value.help == f"SERVEWATCH_HOME={store.folder.parent} servewatch models list"
    with pytest.raises(ModelNotFound, match="'flowers' has no version '2' in the store; it has '1'"):
        store.find("flowers:2")


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/x", "a/b", "..", ".hidden", "", "a\0b", "a b", "a:..", "a:../b", "a:b:c", "a:.x", "ä", "a\n"],
)
def test_names_that_could_leave_the_store_are_refused(store: Store, save: Save, name: str) -> None:
    """No name or version is a path, when saving, finding, loading or deleting."""
    for use in (save, store.find, store.load, store.delete):
        with pytest.raises(TagInvalid, match="cannot be a model's"):
            use(name)
    assert not store.folder.exists() or everything(store.folder) == set()


def test_a_version_cannot_be_called_latest(store: Store, save: Save) -> None:
    """The word has a meaning already."""
    with pytest.raises(StoreError, match="cannot be called 'latest'"):
        save("flowers:latest")
    assert store.list() == []


def test_deleting_the_latest_moves_it_back(store: Store, save: Save) -> None:
    """The newest that is left is the latest; when none is left, the name is gone."""
    for version in ("10", "9", "8"):
        save(f"flowers:{version}")
    assert store.delete("flowers").version == "8"
    assert store.find("flowers").version == "9"
    store.delete("flowers:9")
    store.delete("flowers:10")
    with pytest.raises(ModelNotFound):
        store.find("flowers")
    assert everything(store.folder) == set()


def test_deleting_another_version_leaves_latest_alone(store: Store, save: Save) -> None:
    """Only the latest's own end moves it."""
    for version in ("1", "2", "3"):
        save(f"flowers:{version}")
    (store.folder / "flowers" / "latest").write_text("1\n")
    store.delete("flowers:2")
    assert store.find("flowers").version == "1"


def test_a_name_without_a_pointer_is_its_newest_version(store: Store, save: Save) -> None:
    """A process that ended between publishing and pointing leaves a store that works."""
    save("flowers:1")
    save("flowers:2")
    (store.folder / "flowers" / "latest").unlink()
    assert store.find("flowers").version == "2"


def test_other_users_may_read_the_store(store: Store, save: Save) -> None:
    """A container that runs as another user can load what was trained outside."""
    save("flowers:1", custom={"scale": np.ones(2)})
    for path in (store.folder / "flowers").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o444 == 0o444, path


@pytest.mark.parametrize("name", ["file", "allow_pickle"])
def test_names_that_numpy_has_for_itself_are_refused(save: Save, name: str) -> None:
    """An array that could not be written says why."""
    with pytest.raises(StoreError, match=f"an array cannot be called '{name}'"):
        save("flowers:1", custom={name: np.ones(2)})


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", float("nan"), {1: 2}, np.array([object()])])
def test_custom_objects_that_would_not_come_back_are_refused(save: Save, value: Any) -> None:
    """What JSON or a numpy file would change or pickle is not taken."""
    with pytest.raises(StoreError, match="custom object 'x' is"):
        save("flowers:1", custom={"x": value})


def test_what_is_no_model_is_refused(store: Store) -> None:
    """The error names the class and the frameworks."""
    with pytest.raises(StoreError, match=r"a builtins\.dict is no model that can be saved"):
        store.save("flowers", {"weights": 1})


SAVERS = """
import os, sys
from pathlib import Path
import torch
from serving import Store
torch.set_num_threads(1)
children = []
for number in range(6):
    if not (child := os.fork()):
        store = Store(Path(sys.argv[1]))
        for turn in range(5):
            sizes = {"in_features": 2, "out_features": 1}
            store.save(f"flowers:{number}-{turn}", torch.nn.Linear(2, 1), arguments=sizes)
            store.list()
            store.find("flowers")
            if turn % 2:
                store.delete(f"flowers:{number}-{turn}")
        os._exit(0)
    children.append(child)
sys.exit(sum(os.waitpid(child, 0)[1] for child in children))
"""


def test_processes_that_save_and_delete_at_once_do_not_disturb_each_other(store: Store) -> None:
    """Six processes leave exactly what they saved and did not delete, and a `latest` that can be loaded."""
    subprocess.run([sys.executable, "-c", SAVERS, str(store.folder)], check=True, timeout=60)
    wanted = {f"{number}-{turn}" for number in range(6) for turn in (0, 2, 4)}
    assert {info.version for info in store} == wanted
    assert store.load("flowers", device="cpu").version in wanted
    assert {path.name for path in store.folder.iterdir()} == {"flowers", ".lock"}


def test_the_clock_is_a_parameter(tmp_path: Path, linear: Callable[..., Any]) -> None:
    """Two saves of the same content at the same time are the same version."""
    store = Store(tmp_path, lambda: datetime(2026, 5, 6, tzinfo=UTC))
    sizes = {"in_features": 2, "out_features": 1}
    store.save("flowers", linear(), arguments=sizes)
    with pytest.raises(StoreError, match="is in the store already"):
        store.save("flowers", linear(), arguments=sizes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"metadata": {"auc": float("nan")}}, "metadata 'auc' is 'nan'"),
        ({"metadata": {"when": object}}, "metadata 'when'"),
        ({"labels": {"tier": 1}}, "label 'tier' is 1, an int, and labels are text"),
    ],
)
def test_what_json_would_change_is_refused_by_name(
    store: Store, save: Save, given: dict[str, Any], message: str
) -> None:
    """A value that would come back as another one is an error that names its key, before anything is written."""
    with pytest.raises(StoreError, match=message):
        save("tiny", **given)
    assert store.list() == []


def test_numbers_of_numpy_are_metadata(store: Store, save: Save) -> None:
    """Metrics are numpy's scalars in real life; they come back as Python's."""
    saved = {"accuracy": np.float32(0.5), "rows": np.int64(3), "by_class": [np.float64(0.25)]}
    save("tiny", metadata=saved)
    assert store.find("tiny").metadata == {"accuracy": 0.5, "rows": 3, "by_class": [0.25]}
