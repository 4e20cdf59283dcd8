"""The supervisor, over real processes."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from servewatch.stack import health, processes, state
from tests.servewatch.stack.stacks import (
    WITH_GRANDCHILD,
    child,
    free_port,
    http_program,
    quiet_program,
    running,
    stamped,
    supervised,
    wait_for,
)

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends children with a killed parent")


def test_everything_is_started_and_asked_for_health(tmp_path: Path) -> None:
    """The stack counts as running once each health URL answered, and the record says where each process is."""
    port = free_port()
    with supervised(tmp_path, [http_program("serving", port), quiet_program("traffic", stage=0)]):
        record = running(tmp_path)
        assert health.answers(f"http://127.0.0.1:{port}/") == ""
        assert [process.name for process in record.processes] == ["serving", "traffic"]
        assert all(process.healthy and process.process for process in record.processes)


def test_dead_process_is_started_again(tmp_path: Path) -> None:
    """A killed process comes back under a new pid, answers again, and its record tells of the restart."""
    with supervised(tmp_path, [http_program("serving", free_port())]):
        running(tmp_path)
        first = child(tmp_path, "serving")
        processes.send(first, signal.SIGKILL)

        def again() -> state.ProcessRecord | None:
            record = state.read(tmp_path)
            serving = record.find("serving") if record is not None else None
            return serving if serving is not None and serving.restarts == 1 and serving.healthy else None

        serving = wait_for(again)
        assert serving.process != first
        assert serving.detail == "running; restarted once, last exit code -9"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stop_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    """Told to stop, the supervisor ends every process, and what these had started too."""
    programs = [http_program("serving", free_port()), quiet_program("console", WITH_GRANDCHILD, stage=2)]
    with supervised(tmp_path, programs) as supervisor:
        running(tmp_path)
        wait_for(lambda: len(stamped(tmp_path)) == 3 or None)
        supervisor.send_signal(number)
        supervisor.wait(15)
        assert stamped(tmp_path) == []
        assert supervisor.returncode == 0


@linux
def test_killed_supervisor_leaves_no_child(tmp_path: Path) -> None:
    """Even where the supervisor is killed without warning, its children end with it."""
    with supervised(tmp_path, [http_program("serving", free_port()), quiet_program("traffic")]) as supervisor:
        record = running(tmp_path)
        children = [process.process for process in record.processes if process.process]
        assert len(children) == 2
        supervisor.kill()
        supervisor.wait(5)
        assert processes.wait_gone(children, 5.0) == []


def test_hopeless_start_shows_the_log(tmp_path: Path) -> None:
    """A process that ends again and again before it ever answers ends the start, with the last lines of its log."""
    broken = quiet_program("serving", "raise SystemExit('no such model')", health="http://127.0.0.1:1/")
    with supervised(tmp_path, [broken, quiet_program("traffic", stage=0)]) as supervisor:
        said, _ = supervisor.communicate(timeout=30)
        assert supervisor.returncode == 1
        assert "serving did not come up: it ended 3 times in a row, last with exit code 1" in said
        assert "no such model" in said
        assert stamped(tmp_path) == []


def test_missing_program_is_named(tmp_path: Path) -> None:
    """A program that is not there is named in what the start says."""
    missing = {"name": "prometheus", "argv": ["/nowhere/prometheus"], "health": "http://127.0.0.1:1/"}
    with supervised(tmp_path, [missing]) as supervisor:
        said, _ = supervisor.communicate(timeout=30)
        assert "/nowhere/prometheus cannot be run: No such file or directory" in said


def test_held_process_is_killed_and_comes_back(tmp_path: Path) -> None:
    """On a wish in the folder the process is killed, stays down for the time given, and is then started again."""
    with supervised(tmp_path, [http_program("serving", free_port())]):
        running(tmp_path)
        first = child(tmp_path, "serving")
        state.ask_kill(tmp_path, "serving", 1.0)

        def held() -> str | None:
            record = state.read(tmp_path)
            serving = record.find("serving") if record is not None else None
            return serving.detail if serving is not None and serving.process is None else None

        assert wait_for(held).startswith("held down by servewatch demo kill; starts again in 1 s")
        assert not processes.alive(first)
        wait_for(lambda: child(tmp_path, "serving") != first or None)


def test_stages_end_one_after_the_other(tmp_path: Path) -> None:
    """Traffic ends before the service, and the service before what watches it."""
    note = "import signal, sys; signal.signal(signal.SIGTERM, lambda *_: (open({0!r}, 'a').write({1!r}), sys.exit()))"
    order = tmp_path / "order"
    programs = [
        quiet_program(name, f"{note.format(str(order), name + ' ')}; open({str(order) + name!r}, 'w'); signal.pause()")
        for name in ("prometheus", "serving", "traffic")
    ]
    for program, stage in zip(programs, (2, 1, 0), strict=True):
        program["stage"] = stage
    with supervised(tmp_path, programs) as supervisor:
        running(tmp_path)
        for program in programs:
            wait_for(lambda name=program["name"]: os.path.exists(str(order) + name))
        supervisor.terminate()
        supervisor.wait(15)
    assert order.read_text().split() == ["traffic", "serving", "prometheus"]
