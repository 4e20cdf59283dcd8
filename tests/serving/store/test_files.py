from __future__ import annotations

import threading
from pathlib import Path

import pytest

from serving.errors import ModelDamaged
from serving.store import files


def test_a_write_that_fails_leaves_the_old_content_and_nothing_beside_it(tmp_path: Path) -> None:
    """What cannot take the place of the old is removed."""
    (tmp_path / "taken" / "inner").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        files.write_atomically(tmp_path / "taken", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    """A shorter content leaves nothing of a longer one, and others may read it."""
    path = tmp_path / "file"
    for content in (b"long content", b"short"):
        files.write_atomically(path, content)
        assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o644


def test_json_is_for_people_too_and_a_broken_one_names_itself(tmp_path: Path) -> None:
    """Sorted keys, indented; a file that is no JSON or not there is an error with its path."""
    files.write_json(tmp_path / "a.json", {"b": 1, "a": [2]})
    assert (tmp_path / "a.json").read_text() == '{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'
    (tmp_path / "b.json").write_text("{")
    for name in ("b.json", "c.json"):
        with pytest.raises(ModelDamaged, match=rf"{name[0]}\.json cannot be read"):
            files.read_json(tmp_path / name)


def test_a_draft_is_gone_unless_it_was_published(tmp_path: Path) -> None:
    """Whatever happens inside, no draft is left; what was published stays."""

    def crash() -> None:
        with files.draft(tmp_path) as draft:
            (draft / "half").write_text("x")
            raise KeyError

    with pytest.raises(KeyError):
        crash()
    with files.draft(tmp_path) as draft:
        (draft / "whole").write_text("x")
        files.publish(draft, tmp_path / "done")
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")} == {"done", "done/whole"}


def test_a_name_that_is_taken_is_not_published_over(tmp_path: Path) -> None:
    """The folder that is there stays as it is."""
    (tmp_path / "done").mkdir()
    (tmp_path / "done" / "old").write_text("x")
    with files.draft(tmp_path) as draft, pytest.raises(FileExistsError):
        files.publish(draft, tmp_path / "done")
    assert [path.name for path in (tmp_path / "done").iterdir()] == ["old"]


def test_the_lock_lets_one_in_at_a_time(tmp_path: Path) -> None:
    """While one holds the folder another waits, and goes on afterwards."""
    inside, order = threading.Event(), []

    def second() -> None:
        inside.wait(10)
        with files.locked(tmp_path):
            order.append("second")

    other = threading.Thread(target=second)
    other.start()
    with files.locked(tmp_path):
        inside.set()
        other.join(timeout=0.1)
        order.append("first")
    other.join(timeout=10)
    assert order == ["first", "second"]


def test_a_seal_lists_every_file_but_itself(tmp_path: Path) -> None:
    """What was sealed verifies; sealing again changes nothing."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    sealed = files.seal(tmp_path)
    assert set(sealed) == {"b", "inner/a"}
    assert files.seal(tmp_path) == sealed
    files.verify(tmp_path)
