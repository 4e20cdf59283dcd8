"""Compose mode: what the engine's answers mean. Real containers are tested end to end."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from servewatch.stack.choose import started
from servewatch.stack.compose import (
    ADMIN_PASSWORD,
    FILE,
    Compose,
    alertmanager_yml,
    asked,
    blind,
    engine_answers,
    parse_ps,
    record_path,
    remembered,
    summary,
    variables,
)
from servewatch.stack.dotenv import EnvironmentInvalid
from servewatch.stack.errors import PortTaken, StackError
from servewatch.stack.mode import Options, ProcessStatus
from servewatch.stack.ports import Ports
from servewatch.stack.state import write_json


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
    told, log = "1 of 2 healthy: running", "docker compose logs serving"
    assert summary(rows) == (ProcessStatus("serving", "http://127.0.0.1:3000", False, told, log),)


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


def test_who_cannot_be_asked_is_told_by_name() -> None:
    """A container that should be published and is not is stopped or cut off; where one is missing nothing is asked."""
    prometheus, alertmanager = ProcessStatus("prometheus", "http://127.0.0.1:1", True, ""), row("alertmanager")
    cut = "alertmanager cannot be asked: it is stopped, or cut from its network"
    assert blind([prometheus, *summary([alertmanager])]) == (cut,)
    assert blind([prometheus]) == ()


def test_options_become_variables() -> None:
    """What was asked for reaches docker-compose.yml as environment variables, which are above those of .env."""
    told = variables(Options(Path("/h"), ports=Ports(service=4000, grafana=4001)))
    assert told == {"SERVEWATCH_PORT": "4000", "SERVEWATCH_GRAFANA_PORT": "4001"}


def test_ports_of_env_are_those_of_the_stack() -> None:
    """A port that no flag asks for is the one that .env names, and a flag is above it."""
    named = {"SERVEWATCH_PORT": "4000", "SERVEWATCH_GRAFANA_PORT": "4001", "SERVEWATCH_RECEIVER_PORT": ""}
    assert asked(Ports(grafana=5001), named) == Ports(service=4000, grafana=5001)


def test_service_is_reached_through_its_gateway() -> None:
    """Where replicas stand behind a gateway, its address is the service's."""
    publishers = [{"PublishedPort": 3000, "TargetPort": 3000}]
    found = {process.name: process.url for process in summary([row("serving"), row("gateway", Publishers=publishers)])}
    assert found == {"serving": "http://127.0.0.1:3000", "gateway": "http://127.0.0.1:3000"}


def test_grafanas_password_is_read_where_its_container_puts_it() -> None:
    """The command that `up` prints reads the file that docker-compose.yml tells Grafana to take its password from."""
    described = yaml.safe_load((Path(__file__).parents[3] / FILE).read_text())["services"]["grafana"]
    assert ADMIN_PASSWORD.endswith(f"exec grafana cat {described['environment']['GF_SECURITY_ADMIN_PASSWORD__FILE']}")


def test_containers_of_somebody_else_are_not_taken_down(tmp_path: Path) -> None:
    """`down` ends what `up` started from this home: a docker-compose.yml in the folder alone is no reason."""
    (tmp_path / FILE).write_text("services: {}")
    assert started(Options(tmp_path / "home"), print) is None


def test_what_up_started_is_remembered(tmp_path: Path) -> None:
    """The folder and the variables of `up` are there for `down` and `status`; damage counts as nothing."""
    options = Options(tmp_path)
    assert remembered(options) == (None, {})
    write_json(record_path(options), {"folder": "/project", "environment": {"SERVEWATCH_PORT": "4000"}})
    assert remembered(options) == (Path("/project"), {"SERVEWATCH_PORT": "4000"})
    record_path(options).write_text("[]")
    assert remembered(options) == (None, {})


def test_channels_change_the_configuration(tmp_path: Path) -> None:
    """With a channel's secret in the folder Alertmanager gets a configuration of its own, else the committed one."""
    assert alertmanager_yml(tmp_path) is None
    (tmp_path / "slack_url").write_text("https://hooks.example/x")
    assert "api_url_file: /run/secrets/slack_url" in (alertmanager_yml(tmp_path) or "")


def test_missing_file_is_told(tmp_path: Path) -> None:
    """Without a docker-compose.yml the error names the folder and the other mode."""
    with pytest.raises(StackError, match=r"no docker-compose.yml in") as error:
        Compose(Options(tmp_path), tmp_path, print).up()
    assert "servewatch up --native" in error.value.help


@pytest.mark.skipif(not engine_answers(), reason="no container engine answers: start Docker")
@pytest.mark.containers
def test_a_taken_port_is_told_before_anything_is_built(tmp_path: Path) -> None:
    """The error names the port, who needs it and the flag, as without containers."""
    (tmp_path / "docker-compose.yml").write_text("services: {a: {image: 'servewatch-never:1.0'}}\n")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        options = Options(tmp_path / "home", ports=Ports(service=taken))
        with pytest.raises(PortTaken, match=f"port {taken} is taken, and the service needs it"):
            Compose(options, tmp_path, [].append).up()


@pytest.mark.skipif(not engine_answers(), reason="no container engine answers: start Docker")
@pytest.mark.containers
def test_a_misspelt_variable_is_told_before_anything_is_built(tmp_path: Path) -> None:
    """The error of `up` names the variable of .env that nothing reads, and the one that was surely meant."""
    (tmp_path / "docker-compose.yml").write_text("services: {a: {image: 'never:${SERVEWATCH_RELEASE:-1.0}'}}\n")
    (tmp_path / ".env").write_text("SERVEWATCH_RELAESE=2.0\n")
    with pytest.raises(EnvironmentInvalid, match="nothing reads SERVEWATCH_RELAESE") as error:
        Compose(Options(tmp_path / "home"), tmp_path, [].append).up()
    assert "SERVEWATCH_RELEASE" in error.value.help
