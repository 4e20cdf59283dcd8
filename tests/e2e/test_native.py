"""The whole native stack as a user starts it: the demo service, real Prometheus and Alertmanager, real traffic."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from alerts import RECORDINGS
from servewatch.stack import processes, state, tools
from tests.e2e.checks import ROOT, assert_panels_have_data, assert_right_labels
from tests.servewatch.stack.stacks import free_port, wait_for

NAMES = ["serving", "prometheus", "alertmanager", "receiver", "console", "traffic"]
MISSING = [tool.name for tool in tools.TOOLS if tools.find(tool) is None]
DRIFT = {"SERVEWATCH_DRIFT_STEP": "10s", "SERVEWATCH_DRIFT_WINDOWS": "1m 1h"}
"""Drift in the pace of a test: of the usual steps of five minutes two must pass."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        bool(MISSING), reason=f"{MISSING} not on PATH: apt-get install prometheus prometheus-alertmanager"
    ),
]


@dataclass
class Stack:
    """One home with its ports, and the commands that a user types."""

    home: Path
    ports: dict[str, int] = field(
        default_factory=lambda: {
            name: free_port()
            for name in (
                "port",
                "metrics-port",
                "prometheus-port",
                "alertmanager-port",
                "receiver-port",
                "console-port",
            )
        }
    )

    def run(self, *words: str, seconds: float = 200.0) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "servewatch", *words, f"--home={self.home}"]
        environment = {**os.environ, **DRIFT, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds)

    def up(self, *words: str) -> subprocess.CompletedProcess[str]:
        flags = [f"--{name}={port}" for name, port in self.ports.items()]
        return self.run("up", "--native", "--detach", *flags, *words)

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return told

    def get(self, name: str, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=10) as answer:
            body: bytes = answer.read()
        return body

    def query(self, query: str) -> list[Any]:
        path = f"/api/v1/query?query={urllib.parse.quote(query)}"
        found: list[Any] = json.loads(self.get("prometheus-port", path))["data"]["result"]
        return found

    def record(self) -> state.StackRecord:
        record = state.read(self.home / "stack")
        assert record is not None
        return record

    def children(self) -> list[processes.Identity]:
        return [process.process for process in self.record().processes if process.process]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    running = Stack(tmp_path_factory.mktemp("home"))
    answer = running.up()
    try:
        assert answer.returncode == 0, answer.stdout + answer.stderr
        yield running
    finally:
        running.run("down")


def notifications(stack: Stack, status: str, alert: str) -> list[Any]:
    came = json.loads(stack.get("receiver-port", "/notifications"))
    names = [(n, {a["labels"]["alertname"] for a in n["alerts"] if a["status"] == status}) for n in came]
    return [notification for notification, alerts in names if alert in alerts]


def test_every_process_is_healthy(stack: Stack) -> None:
    """After `up --detach` each process of the contract runs and answers."""
    told = stack.status()
    assert told["mode"] == "native"
    assert [process["name"] for process in told["processes"]] == NAMES
    assert [process for process in told["processes"] if not process["healthy"]] == []


def test_a_picture_gets_its_label(stack: Stack) -> None:
    """Test pictures that were sent as PNG get the labels that they have, up to the model's few errors."""
    assert_right_labels(f"http://127.0.0.1:{stack.ports['port']}", 40, least=38)


def test_batches_form(stack: Stack) -> None:
    """The bursts of the demo traffic make batches of more than one row."""
    wait_for(lambda: any(float(s["value"][1]) > 1.0 for s in stack.query("serving:batch_size:mean5m")) or None, 60)
    assert stack.query("serving:batch_size:mean5m")


def test_kill_is_notified_and_resolves(stack: Stack) -> None:
    """`demo kill` makes ServiceDown fire and reach the receiver once, with a runbook link, and resolve by itself."""
    answer = stack.run("demo", "kill", "--seconds", "45")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "ServiceDown fires" in answer.stdout
    wait_for(lambda: notifications(stack, "resolved", "ServiceDown") or None, 90)
    fired = notifications(stack, "firing", "ServiceDown")
    assert len(fired) == 1
    assert [alert["labels"]["service"] for alert in fired[0]["alerts"]] == ["fashion"]
    assert fired[0]["alerts"][0]["annotations"]["runbook_url"].endswith("/alerts/runbook.md#servicedown")
    assert b"ServiceDown" in stack.get("receiver-port", "/")


def test_killed_process_comes_back(stack: Stack) -> None:
    """A Prometheus that is killed is started again, and status tells of it."""
    before = stack.record().find("prometheus")
    assert before is not None
    assert before.process is not None
    processes.send(before.process, signal.SIGKILL)

    def back() -> dict[str, Any] | None:
        shown = {process["name"]: process for process in stack.status()["processes"]}["prometheus"]
        return shown if shown["healthy"] and "restarted once" in shown["detail"] else None

    assert wait_for(back, 30)["detail"] == "running; restarted once, last exit code -9"


def test_every_recording_has_data(stack: Stack) -> None:
    """Prometheus evaluates each recording rule, and with demo traffic each has a value."""
    wanted = {recording.name for recording in RECORDINGS}
    query = f'count by (__name__) ({{__name__=~"{"|".join(sorted(wanted))}"}})'
    assert wait_for(lambda: {series["metric"]["__name__"] for series in stack.query(query)} >= wanted, 240)


def test_every_panel_has_data(stack: Stack) -> None:
    """`servewatch check --live` finds no panel without data on the running stack."""
    assert_panels_have_data(f"http://127.0.0.1:{stack.ports['prometheus-port']}", 240)


def test_down_leaves_nothing(stack: Stack) -> None:
    """After `down` no process of the stack is left, its ports are free, and a second stack starts on them."""
    children, stamp = stack.children(), stack.record().stamp
    answer = stack.run("down")
    assert (answer.returncode, answer.stdout.splitlines()[-1]) == (0, "the stack is down")
    assert [process for process in children if processes.alive(process)] == []
    assert processes.stamped(stamp) == []
    assert stack.status() == {"mode": None, "processes": [], "problems": []}


def test_killed_supervisor_leaves_nothing(stack: Stack) -> None:
    """Where the supervisor itself is killed, every process ends with it, and the next `up` needs no clearing up."""
    assert stack.up("--no-traffic").returncode == 0
    children, supervisor = stack.children(), stack.record().supervisor
    assert len(children) == len(NAMES) - 1
    processes.send(supervisor, signal.SIGKILL)
    assert processes.wait_gone([supervisor, *children], 10.0) == []
    assert stack.run("status").returncode == 1
    answer = stack.up("--no-traffic")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert stack.run("down").stdout.splitlines()[-1] == "the stack is down"
