"""What a stack does while its disk is full or read-only: a real, small disk, mounted for the test."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servewatch.receiver import Book
from servewatch.stack import health, logs, processes, state
from servewatch.stack.advice import CAUSES, advise, cause
from servewatch.stack.mode import Options
from servewatch.stack.native import Native
from tests.servewatch.stack.stacks import child, free_port, http_program, quiet_program, running, supervised, wait_for


def _mount(*words: str) -> bool:
    return subprocess.run(["mount", *words], capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0 or not _mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)):
        pytest.skip("a disk can be mounted by root on Linux alone")
    try:
        yield folder
    finally:
        while subprocess.run(["umount", "-l", str(folder)], capture_output=True).returncode == 0:
            pass


def _read_only(folder: Path) -> None:
    # The disk itself cannot be remounted while logs are open; what is mounted on top of it can.
    assert _mount("--bind", str(folder), str(folder))
    assert _mount("-o", "remount,ro,bind", str(folder))


def _fill(folder: Path) -> None:
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_a_service_runs_on_and_is_started_again_while_the_disk_takes_nothing(disk: Path) -> None:
    """Neither the supervisor nor the service ends; a service that is killed then comes back, though its log cannot."""
    port = free_port()
    talkative = "print('here', flush=True)\nimport http.server, sys\nsys.argv = ['x', {0!r}, '--bind', '127.0.0.1']\n"
    code = talkative.format(str(port)) + "import runpy; runpy.run_module('http.server', run_name='__main__')"
    serving = {**http_program("serving", port), "argv": [sys.executable, "-c", code]}
    with supervised(disk, [serving]) as supervisor:
        running(disk)
        first = child(disk, "serving")
        _fill(disk)
        processes.send(first, signal.SIGKILL)
        wait_for(lambda: not processes.alive(first) or None)
        wait_for(lambda: health.answers(f"http://127.0.0.1:{port}/") == "" or None)
        assert supervisor.poll() is None
        assert state.read(disk) is not None
        (disk / "filler").unlink()
        wait_for(lambda: child(disk, "serving") != first or None)


def test_a_log_takes_no_line_on_a_full_disk_and_its_process_none_the_worse(disk: Path) -> None:
    """What is written then is thrown away; with room again a log is a log."""
    _fill(disk)
    with logs.output(disk / "serving.log", "starts") as thrown:
        assert thrown.name == os.devnull
    (disk / "filler").unlink()
    with logs.output(disk / "serving.log", "starts") as kept:
        assert Path(str(kept.name)) == disk / "serving.log"
    assert (disk / "serving.log").read_text() == "starts\n"


def test_a_log_that_is_too_large_is_cut_although_it_cannot_be_copied(disk: Path) -> None:
    """Room is made of the very log that fills the disk."""
    log = disk / "serving.log"
    with contextlib.suppress(OSError):
        log.write_bytes(bytes(2 * 1024 * 1024))
    logs.bound(log, 1024)
    assert log.stat().st_size == 0


def test_notifications_are_shown_although_they_cannot_be_kept(disk: Path) -> None:
    """A full disk loses no notification before a restart, is told, and is made up for once there is room."""
    book = Book(disk / "notifications.jsonl")
    _fill(disk)
    for number in range(3):
        book.add({"alerts": [], "number": number, "padding": "x" * 5000}, "now")
    assert [entry["number"] for entry in book] == [0, 1, 2]
    assert "cannot be written, so what comes is lost at a restart: No space left on device" in book.problem
    (disk / "filler").unlink()
    book.add({"alerts": [], "number": 3}, "now")
    assert book.problem == ""
    assert [entry["number"] for entry in Book(disk / "notifications.jsonl")] == [0, 1, 2, 3]


def test_a_read_only_disk_ends_no_supervisor(disk: Path) -> None:
    """Its record cannot be written: it says so once, what runs goes on, and `down` ends it."""
    folder = disk / "stack"
    port = free_port()
    with supervised(folder, [http_program("serving", port), quiet_program("traffic")]) as supervisor:
        running(folder)
        first = child(folder, "traffic")
        _read_only(disk)
        processes.send(first, signal.SIGKILL)
        wait_for(lambda: not processes.alive(first) or None)
        assert health.answers(f"http://127.0.0.1:{port}/") == ""
        assert supervisor.poll() is None
        assert Native(Options(disk), print).down()
        assert supervisor.wait(10) == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("write /x/wal/1: no space left on device", "the disk is full: free space under /home/x"),
        ("open /x/lock: read-only file system", "the disk is read-only"),
        ("listen tcp 127.0.0.1:9090: bind: address already in use", "another program took its port 9090"),
        ("[Errno 13] Permission denied: '/x'", "this user may not write there"),
        ("it died 2 times in a row; killed by signal 9", "it may lack memory"),
        ("something else", "servewatch logs prometheus"),
    ],
)
def test_what_to_do_follows_from_what_was_said(said: str, told: str) -> None:
    """Each known cause is told with what helps; without one, the command that shows the log."""
    found = advise("", f"one line\n{said}\n", "/home/x", "9090", "servewatch logs prometheus")
    assert found.startswith(told)
    assert found.endswith(("servewatch logs prometheus", "(servewatch logs prometheus)"))
    assert len({one.advice for one in CAUSES}) == len(CAUSES)


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    """A report of the future is no report: what hangs does not pass for well until the clock has caught up."""
    beat = tmp_path / "traffic.json"
    beat.write_text("{}")
    at = beat.stat().st_mtime
    assert health.beats(beat, lambda: at + 1) == ""
    assert health.beats(beat, lambda: at - 1) == ""
    assert "the clock was set back" in health.beats(beat, lambda: at - 3600)


def test_a_cause_is_found_in_a_line_of_any_length(tmp_path: Path) -> None:
    """What a terminal would cut off is read nevertheless: Prometheus names the cause at the end of long lines."""
    log = tmp_path / "prometheus.log"
    log.write_text(f"{'x' * 1000} no space left on device\n\n")
    assert logs.last(log) == [f"{'x' * 1000} no space left on device"]
    assert cause("\n".join(logs.last(log)), "/home/x").startswith("the disk is full")
    assert "no space" not in logs.tail(log)
