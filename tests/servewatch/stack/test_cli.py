"""`servewatch up`, `down` and `status` from the outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from servewatch.stack import processes, state
from servewatch.stack.mode import Options
from servewatch.stack.native import Native
from tests.servewatch.stack.stacks import (
    child,
    free_port,
    http_program,
    quiet_program,
    running,
    stamped,
    supervised,
    wait_for,
)

ROOT = Path(__file__).parents[3]


def servewatch(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder of its own, where no docker-compose.yml can draw it to somebody's containers."""
    home.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "servewatch", *words, f"--home={home}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, timeout=60)


def test_status_without_a_stack(tmp_path: Path) -> None:
    """Where nothing runs, status exits with 1, names the home and how to start a stack, and has no processes."""
    told, as_json = servewatch(tmp_path, "status"), servewatch(tmp_path, "status", "--json")
    assert (told.returncode, as_json.returncode) == (1, 1)
    assert f"nothing runs under {tmp_path}; another home: --home DIR" in told.stdout
    assert f"servewatch up --home {tmp_path} starts a stack" in told.stdout
    assert json.loads(as_json.stdout) == {"mode": None, "processes": [], "problems": []}


def test_down_without_a_stack(tmp_path: Path) -> None:
    """Taking down nothing is no error, and the answer names the home that was looked at."""
    answer = servewatch(tmp_path, "down")
    told = f"nothing runs under {tmp_path}; another home: --home DIR\n"
    assert (answer.returncode, answer.stdout) == (0, told)


def test_status_shows_each_process_as_it_answers_now(tmp_path: Path) -> None:
    """Status asks the processes themselves: what is healthy, where it is, what happened to it, where it logs."""
    port = free_port()
    with supervised(tmp_path / "stack", [http_program("serving", port), quiet_program("traffic")]):
        running(tmp_path / "stack")
        answer = servewatch(tmp_path, "status", "--json")
        assert answer.returncode == 0
        told = json.loads(answer.stdout)
        assert told["mode"] == "native"
        serving = child(tmp_path / "stack", "serving")
        assert told["processes"][0] == {
            "name": "serving",
            "url": f"http://127.0.0.1:{port}/",
            "healthy": True,
            "detail": "running",
            "log": str(tmp_path / "stack" / "logs" / "serving.log"),
            "pid": serving.pid,
            "advice": "",
        }
        last = servewatch(tmp_path, "status").stdout.splitlines()[-2]
        assert last.split() == ["serving", "process", str(serving.pid), f"{tmp_path}/stack/logs/serving.log"]


def test_unhealthy_process_is_a_problem(tmp_path: Path) -> None:
    """A process that is held down makes status exit with 1 and say why."""
    with supervised(tmp_path / "stack", [http_program("serving", free_port())]):
        running(tmp_path / "stack")
        state.ask_kill(tmp_path / "stack", "serving", 60.0)
        wait_for(lambda: not Native(Options(tmp_path), print).status().healthy or None)
        answer = servewatch(tmp_path, "status")
        assert answer.returncode == 1
        assert "serving       unhealthy" in answer.stdout
        assert "held down by servewatch demo kill" in answer.stdout
        assert f"what to do: servewatch logs serving --home {tmp_path}" in answer.stdout


def test_down_ends_everything(tmp_path: Path) -> None:
    """Down asks the supervisor, which ends every process; the record is gone afterwards."""
    folder = tmp_path / "stack"
    with supervised(folder, [http_program("serving", free_port()), quiet_program("traffic")]) as supervisor:
        record = running(folder)
        answer = servewatch(tmp_path, "down")
        assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, "the stack is down")
        assert supervisor.wait(5) == 0
        assert not any(processes.alive(process.process) for process in record.processes if process.process)
        assert stamped(folder) == []
        assert state.read(folder) is None


def test_down_ends_what_a_killed_supervisor_left(tmp_path: Path) -> None:
    """What outlived a supervisor that was killed is found by its stamp and ended."""
    folder = tmp_path / "stack"
    # A process that leaves its parent's session and group, as only a stray one does.
    stray = "import os, signal\nif os.fork(): signal.pause()\nos.setsid()\nsignal.pause()"
    with supervised(folder, [quiet_program("traffic", stray)]) as supervisor:
        running(folder)
        wait_for(lambda: len(stamped(folder)) == 2 or None)
        supervisor.kill()
        supervisor.wait(5)
        assert len(wait_for(lambda: stamped(folder))) >= 1
        assert servewatch(tmp_path, "status").returncode == 1
        answer = servewatch(tmp_path, "down")
        assert answer.stdout.splitlines()[-1] == "the stack is down"
        assert stamped(folder) == []


def test_down_leaves_a_recycled_pid_alone(tmp_path: Path) -> None:
    """A record that names a pid which is another process's now does no harm to that process."""
    folder = tmp_path / "stack"
    with supervised(folder, [quiet_program("traffic")]):
        running(folder)
        stranger = child(folder, "traffic")
        before = processes.Identity(stranger.pid, stranger.born + "0")
        old = state.StackRecord("native", "running", "other-stamp", before, "small:Service")
        state.write(tmp_path / "other" / "stack", old)
        assert servewatch(tmp_path / "other", "down").returncode == 0
        assert processes.alive(stranger)


def test_second_stack_is_refused(tmp_path: Path) -> None:
    """A second `up` in the same home says who runs already and what to do, and exits with 1."""
    with supervised(tmp_path / "stack", [quiet_program("traffic")]) as supervisor:
        running(tmp_path / "stack")
        answer = servewatch(tmp_path, "up", "--native")
        assert answer.returncode == 1
        assert f"a stack is running already (process {supervisor.pid}, service small:Service)" in answer.stderr
        assert f"servewatch down --home {tmp_path} to end it" in answer.stderr


def test_taken_port_ends_up_before_anything_starts(tmp_path: Path) -> None:
    """A taken port is an error that names port, purpose and flag; nothing was started."""
    with supervised(tmp_path / "other", [http_program("serving", port := free_port())]):
        child(tmp_path / "other", "serving")
        answer = servewatch(tmp_path, "up", "--native", f"--prometheus-port={port}", f"--port={free_port()}")
    assert answer.returncode == 1
    assert f"port {port} is taken, and Prometheus needs it" in answer.stderr
    assert "--prometheus-port" in answer.stderr
    assert state.read(tmp_path / "stack") is None


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ("nonsense", "is not MODULE:NAME"),
        ("no.such.module:Name", "No module named 'no'"),
        ("json:dumps", "is a function, and no service"),
    ],
)
def test_unusable_service_is_told_before_anything_starts(tmp_path: Path, service: str, said: str) -> None:
    """A service that cannot be imported, or is none, is wrong usage and named."""
    ports = [f"--{name}={free_port()}" for name in ("port", "metrics-port", "prometheus-port", "alertmanager-port")]
    more = [f"--{name}={free_port()}" for name in ("receiver-port", "console-port")]
    answer = servewatch(tmp_path, "up", "--native", "--service", service, *ports, *more)
    if "tool_missing" in answer.stderr or "not found on PATH" in answer.stderr:
        pytest.skip("Prometheus is not on PATH: apt-get install prometheus prometheus-alertmanager")
    assert answer.returncode == 2
    assert said in answer.stderr
