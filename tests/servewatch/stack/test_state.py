"""The files by which the supervisor and the commands understand each other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from servewatch.stack import state
from servewatch.stack.errors import StackRunning
from servewatch.stack.processes import Identity, identify


def record(folder: Path) -> state.StackRecord:
    this = identify(os.getpid())
    assert this is not None
    process = state.ProcessRecord("serving", "http://x", "http://x/readyz", "", "log", Identity(7, "b"), True, 2, "d")
    idle = state.ProcessRecord("traffic", "", "", "beat", "log", None, False, 0, "it starts")
    return state.StackRecord("native", "running", "stamp", this, "m:S", "s", processes=(process, idle))


def test_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    """What the supervisor writes is what status reads, process identities included."""
    written = record(tmp_path)
    state.write(tmp_path, written)
    assert state.read(tmp_path) == written
    assert written.supervised
    assert written.find("serving") == written.processes[0]
    assert written.find("nobody") is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"processes": [{}]}', '{"processes": 3}'])
def test_unreadable_record_is_no_record(tmp_path: Path, text: str) -> None:
    """A file that is damaged or of another version counts as none, rather than breaking every command."""
    state.state_path(tmp_path).write_text(text)
    assert state.read(tmp_path) is None


def test_no_record_without_a_stack(tmp_path: Path) -> None:
    """Where no stack ran there is no record, and forgetting it is no error."""
    state.forget(tmp_path)
    assert state.read(tmp_path) is None


def test_only_one_supervisor_at_a_time(tmp_path: Path) -> None:
    """The second to ask for the folder is told who has it; once the first has gone, it is free."""
    with state.only_one(tmp_path):
        state.write(tmp_path, record(tmp_path))
        with pytest.raises(StackRunning, match=f"process {os.getpid()}, service m:S"):
            with state.only_one(tmp_path):
                raise RuntimeError("two supervisors at once")
    with state.only_one(tmp_path):
        assert (tmp_path / "lock").exists()


def test_wish_to_kill_is_taken_once(tmp_path: Path) -> None:
    """The supervisor finds the wish, and finds it only once."""
    assert state.take_kill(tmp_path) is None
    state.ask_kill(tmp_path, "serving", 12)
    assert state.take_kill(tmp_path) == ("serving", 12.0)
    assert state.take_kill(tmp_path) is None


def test_damaged_wish_is_removed(tmp_path: Path) -> None:
    """A wish that cannot be read is dropped, and does not come again."""
    (tmp_path / "kill.json").write_text("{")
    assert state.take_kill(tmp_path) is None
    assert not (tmp_path / "kill.json").exists()
