"""Compose mode: what the engine's answers mean. Real containers are tested end to end."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from servewatch.stack.compose import Compose, admin_password, parse_ps, summary, variables
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Options, ProcessStatus
from servewatch.stack.ports import Ports


def row(service: str, state: str = "running", health: str = "healthy", **more: Any) -> dict[str, Any]:
    return {"Name": f"x-{service}-1", "Service": service, "State": state, "Health": health, "Status": state, **more}


def test_both_formats_of_ps_are_read() -> None:
    """An array, as older versions print it, and an object per line mean the same; nothing means no containers."""
    rows = [row("serving"), row("prometheus")]
    assert parse_ps(json.dumps(rows)) == rows
    assert parse_ps("\n".join(map(json.dumps, rows)) + "\n") == rows
    assert parse_ps("\n") == []


def test_replicas_are_one_process() -> None:
    """Replicas of a service are told together, and one that is ill makes the process unhealthy."""
    publishers = [{"URL": "127.0.0.1", "TargetPort": 3000, "PublishedPort": 3000, "Protocol": "tcp"}]
    rows = [row("serving", Publishers=publishers), row("serving", health="starting")]
    assert summary(rows) == (ProcessStatus("serving", "http://127.0.0.1:3000", False, "1 of 2 healthy: running"),)


def test_processes_come_in_the_order_of_the_contract() -> None:
    """Known services come first and in their order; others follow."""
    rows = [row("zebra"), row("traffic"), row("grafana"), row("serving")]
    assert [process.name for process in summary(rows)] == ["serving", "grafana", "traffic", "zebra"]


def test_container_that_did_its_job_is_no_problem() -> None:
    """One that trained and ended well is left out; one that ended badly, or should run, is shown as unhealthy."""
    done = row("train", "exited", "", ExitCode=0)
    failed = row("train", "exited", "", ExitCode=1)
    ended = row("serving", "exited", "", ExitCode=0)
    assert summary([done]) == ()
    assert [(process.name, process.healthy) for process in summary([failed, ended])] == [
        ("serving", False),
        ("train", False),
    ]


def test_container_without_health_check_counts_by_its_state() -> None:
    """A container that has no health check is healthy while it runs."""
    assert summary([row("traffic", health="")])[0].healthy
    assert not summary([row("traffic", "restarting", "")])[0].healthy


def test_options_become_variables() -> None:
    """What was asked for reaches docker-compose.yml as environment variables."""
    told = variables(Options(Path("/h"), "mine:Service", ports=Ports(service=4000, grafana=4001)))
    assert told["SERVEWATCH_PORT"] == "4000"
    assert told["SERVEWATCH_GRAFANA_PORT"] == "4001"
    assert told["SERVEWATCH_SERVICE"] == "mine:Service"


def test_admin_password_is_made_once_and_kept(tmp_path: Path) -> None:
    """Grafana's password is random, made at first use, in a folder that only its owner can enter."""
    path = admin_password(tmp_path)
    first = path.read_text()
    assert len(first.strip()) >= 24
    assert admin_password(tmp_path).read_text() == first
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_missing_file_is_told(tmp_path: Path) -> None:
    """Without a docker-compose.yml the error names the folder and the other mode."""
    with pytest.raises(StackError, match=r"no docker-compose.yml in") as error:
        Compose(Options(tmp_path), tmp_path, print).up()
    assert "servewatch up --native" in error.value.help
