from __future__ import annotations

import gzip
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from serving import Store
from serving.errors import ModelDamaged, ServewatchError, StoreError
from serving.store import archive

Save = Callable[..., str]
ROWS = np.ones((1, 2), dtype=np.float32)


@pytest.fixture
def other(tmp_path: Path) -> Store:
    """Another store, to import into."""
    return Store(tmp_path / "other")


@pytest.fixture
def exported(store: Store, save: Save, tmp_path: Path) -> Path:
    save("flowers:1", 3.0, labels={"a": "b"}, custom={"classes": ["x"]})
    return archive.export(store, "flowers", tmp_path)


def rewritten(
    source: Path, target: Path, change: Callable[[tarfile.TarInfo, bytes], tuple[tarfile.TarInfo, bytes]]
) -> Path:
    """The archive with each member changed."""
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old.getmembers():
            file = old.extractfile(member)
            member, data = change(member, file.read() if file else b"")
            member.size = len(data)
            new.addfile(member, io.BytesIO(data))
    return target


def packed(target: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(target, "w:gz") as new:
        for member in members:
            new.addfile(member)
    return target


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, link
    return made


def refused(store: Store, source: Path) -> ServewatchError:
    """The error of the import, after which nothing is left in the store."""
    with pytest.raises(ServewatchError) as caught:
        archive.take_in(store, source)
    assert store.list() == []
    assert [path for path in store.folder.rglob("*") if path.is_file() and path.name != ".lock"] == []
    return caught.value


def test_a_model_moves_from_store_to_store(exported: Path, other: Store) -> None:
    """What is imported is what was exported, and is the latest there."""
    assert exported.name == "flowers-1.tar.gz"
    assert str(archive.take_in(other, exported).tag) == "flowers:1"
    model = other.load("flowers", device="cpu")
    assert model(ROWS).tolist() == [[6.0]]
    assert (model.info.labels, model.objects["classes"]) == ({"a": "b"}, ["x"])


def test_an_export_may_be_given_a_name(store: Store, save: Save, tmp_path: Path) -> None:
    """A path that is no folder is the file's name; no partial file stays beside it."""
    save("flowers:1")
    target = archive.export(store, "flowers:1", tmp_path / "mine.tar.gz")
    assert target == tmp_path / "mine.tar.gz"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mine.tar.gz"]


def test_an_export_names_no_user_of_this_machine(exported: Path) -> None:
    """Owners are left out of the archive."""
    with tarfile.open(exported) as opened:
        assert {(m.uid, m.gid, m.uname, m.gname) for m in opened.getmembers()} == {(0, 0, "", "")}


def test_an_export_to_nowhere_is_an_error_of_two_lines(store: Store, save: Save, tmp_path: Path) -> None:
    """A folder that is not there is named."""
    save("flowers:1")
    with pytest.raises(StoreError, match=r"x\.tar\.gz cannot be written: No such file or directory"):
        archive.export(store, "flowers", tmp_path / "nowhere" / "x.tar.gz")


def test_a_damaged_version_is_not_exported(store: Store, save: Save, tmp_path: Path) -> None:
    """What could not be loaded does not travel."""
    save("flowers:1")
    (store.folder / "flowers" / "1" / "objects.json").write_text("{}")
    with pytest.raises(ModelDamaged, match=r"objects\.json has changed"):
        archive.export(store, "flowers", tmp_path)


def test_a_version_that_is_there_already_is_not_replaced(exported: Path, store: Store) -> None:
    """Importing into the store that it came from is refused."""
    with pytest.raises(StoreError, match="flowers:1 is in the store already"):
        archive.take_in(store, exported)


def test_a_file_that_is_not_there_is_named(other: Store, tmp_path: Path) -> None:
    """The help says what writes one."""
    with pytest.raises(StoreError, match=r"none\.tar\.gz is not a file"):
        archive.take_in(other, tmp_path / "none.tar.gz")


@pytest.mark.parametrize("data", [b"", b"hello", gzip.compress(b"hello"), gzip.compress(b"")])
def test_what_is_no_archive_is_refused(other: Store, tmp_path: Path, data: bytes) -> None:
    """Any file may be given."""
    (tmp_path / "x.tar.gz").write_bytes(data)
    assert isinstance(refused(other, tmp_path / "x.tar.gz"), ModelDamaged)


def test_an_archive_that_is_cut_or_flipped_is_refused_or_whole(exported: Path, other: Store, tmp_path: Path) -> None:
    """Damage on the way is noticed, unless it hit nothing but the padding behind the last file."""
    data, broken, taken = exported.read_bytes(), tmp_path / "broken.tar.gz", []
    for place in range(20, len(data) - 8, len(data) // 25):
        for damaged in (data[:place], data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :]):
            broken.write_bytes(damaged)
            try:
                taken.append(archive.take_in(other, broken))
            except ServewatchError:
                continue
            assert other.load("flowers", device="cpu")(ROWS).tolist() == [[6.0]]
            other.delete("flowers")
    assert len(taken) <= 4
    assert other.list() == []


@pytest.mark.parametrize("file", ["./model.json", "./objects.json", "./model/weights.pt", "./manifest.json"])
def test_an_archive_with_another_file_in_it_is_refused(exported: Path, other: Store, tmp_path: Path, file: str) -> None:
    """A file that is not what the manifest lists stops the import."""

    def change(found: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        return found, bytes([data[0] ^ 1]) + data[1:] if found.name == file else data

    assert isinstance(refused(other, rewritten(exported, tmp_path / "x.tar.gz", change)), ModelDamaged)


@pytest.mark.parametrize("name", ["../evil.txt", "../../evil.txt", "/tmp/servewatch-evil.txt", "model/../../evil.txt"])
def test_a_path_that_leaves_the_folder_is_refused(other: Store, tmp_path: Path, name: str, exported: Path) -> None:
    """No member is written outside, wherever it stands in the archive."""

    def change(found: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        found.name = name if found.name.endswith("objects.json") else found.name
        return found, data

    refused(other, rewritten(exported, tmp_path / "x.tar.gz", change))
    assert list(tmp_path.rglob("*evil*")) == []
    assert not Path("/tmp/servewatch-evil.txt").exists()


@pytest.mark.parametrize(
    "bad",
    [
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("link", tarfile.SYMTYPE, "model.json"),
        member("link", tarfile.SYMTYPE, "../../.."),
        member("link", tarfile.LNKTYPE, "/etc/passwd"),
        member("device", tarfile.CHRTYPE),
        member("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda bad: f"{bad.name}-{bad.linkname}",
)
def test_links_and_devices_are_refused(other: Store, tmp_path: Path, bad: tarfile.TarInfo) -> None:
    """Only files and folders are unpacked."""
    assert "cannot be unpacked" in refused(other, packed(tmp_path / "x.tar.gz", bad)).message


@pytest.mark.parametrize(
    ("name", "version"), [("../evil", "1"), ("a", "../1"), ("a", "latest"), ("", "1"), (".a", "1")]
)
def test_a_description_with_a_path_for_a_name_is_refused(other: Store, tmp_path: Path, name: str, version: str) -> None:
    """A tag inside the archive cannot leave the store, though its manifest fits."""
    from serving.store import files

    folder = tmp_path / "made"
    (folder / "model").mkdir(parents=True)
    info = {"name": name, "version": version, "framework": "pytorch", "created": "2026"}
    files.write_json(folder / "model.json", info)
    files.seal(folder)
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz") as new:
        new.add(folder, ".")
    refused(other, tmp_path / "x.tar.gz")
    assert not (tmp_path / "evil").exists()


def test_files_of_an_import_cannot_be_run_or_written_by_others(exported: Path, other: Store, tmp_path: Path) -> None:
    """Special modes in an archive are not taken over."""

    def change(found: tarfile.TarInfo, data: bytes) -> tuple[tarfile.TarInfo, bytes]:
        found.mode = 0o6777
        return found, data

    archive.take_in(other, rewritten(exported, tmp_path / "x.tar.gz", change))
    for folder, _, names in os.walk(other.folder / "flowers"):
        for name in names:
            mode = (Path(folder) / name).stat().st_mode
            assert mode & 0o6022 == 0, (name, oct(mode))
