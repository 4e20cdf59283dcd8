"""servewatch/stack/reading.py: the logs of a stack, as people read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options
from servewatch.stack.reading import LogUnknown, Tail, chosen, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    logs = tmp_path / "stack" / "logs"
    logs.mkdir(parents=True)
    (logs / "serving.log").write_text("one\ntwo\nthr")
    (logs / "prometheus.log").write_text("ready\n")
    return logs


def test_the_last_lines_are_shown_and_halves_are_not(folder: Path, tmp_path: Path) -> None:
    """A line counts once it is whole; fewer lines than asked for are filled from the run before."""
    files = chosen(Options(tmp_path), "serving")
    assert list(read(files, 1, False)) == ["two"]
    (folder / "serving.log.1").write_text("before\n")
    assert list(read(files, 5, False)) == ["before", "one", "two"]
    assert list(read(files, 0, False)) == []


def test_all_logs_are_shown_with_names(folder: Path, tmp_path: Path) -> None:
    """Without a name each line says whose it is."""
    found = list(read(chosen(Options(tmp_path), None), 9, False))
    assert found == ["prometheus    ready", "serving       one", "serving       two"]


def test_what_is_written_later_is_followed(folder: Path, tmp_path: Path) -> None:
    """Each turn gives the lines that came since the one before, the rest of a half line with them."""
    turns = 0

    def write(seconds: float) -> None:
        nonlocal turns
        turns += 1
        with (folder / "serving.log").open("a") as log:
            log.write("ee\nfour\n" if turns == 1 else "five\n")

    lines = read(chosen(Options(tmp_path), "serving"), 1, True, write)
    assert [next(lines) for _ in range(4)] == ["two", "three", "four", "five"]


def test_a_log_that_is_cut_or_replaced_is_read_from_its_start(folder: Path) -> None:
    """What the supervisor moves aside while it grows, and what a new run begins, is not missed."""
    tail = Tail(folder / "serving.log")
    assert tail.more() == ["one", "two"]
    (folder / "serving.log").write_text("cut\n")
    assert tail.more() == ["cut"]
    (folder / "serving.log").rename(folder / "serving.log.1")
    assert tail.more() == []
    (folder / "serving.log").write_text("quite another one\n")
    assert tail.more() == ["quite another one"]


def test_a_name_that_has_no_log_is_told_with_those_that_have(folder: Path, tmp_path: Path) -> None:
    """A wrong name is wrong usage; a home without logs leads to `up` and to the logs of containers."""
    with pytest.raises(LogUnknown, match="no process 'web' wrote a log; there are prometheus, serving"):
        chosen(Options(tmp_path), "web")
    with pytest.raises(StackError, match="docker compose logs"):
        chosen(Options(tmp_path / "empty"), None)
