"""The stack in real containers, two replicas. Grafana's image is left out: the page is not what is tested here."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator

import pytest

from alerts import RECORDINGS
from alerts.requests import STEADY
from tests.e2e.checks import ROOT, assert_panels_have_data, assert_right_labels
from tests.e2e.containers import CONTAINERS, Project, started
from tests.servewatch.stack.stacks import wait_for

pytestmark = CONTAINERS


@contextlib.contextmanager
def load(port: int) -> Iterator[list[str]]:
    """Clients that send without a break, half of them on connections that they keep; what each request came to."""
    answers: list[str] = []
    over = threading.Event()
    body = json.dumps([[0] * 28] * 28).encode()

    def send(keep: bool) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while not over.is_set():
            try:
                connection.request("POST", "/predict_array", body, {"Content-Type": "application/json"})
                with connection.getresponse() as answer:
                    answer.read()
                    answers.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                answers.append(repr(error))
                connection.close()
            if not keep:
                connection.close()
        connection.close()

    clients = [threading.Thread(target=send, args=(number % 2 == 0,)) for number in range(4)]
    for client in clients:
        client.start()
    try:
        yield answers
    finally:
        over.set()
        for client in clients:
            client.join()


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with started() as running:
        yield running


def test_the_gateway_answers_with_the_right_label(project: Project) -> None:
    """A PNG that is sent to the published port gets the label that it has."""
    assert_right_labels(f"http://127.0.0.1:{project.ports['service']}", 20, least=18)


def test_both_replicas_are_scraped_and_what_dashboards_read_is_recorded(project: Project) -> None:
    """Prometheus finds both replicas by DNS, and each canonical recording has a value; drift's come later."""
    wait_for(lambda: len(project.query('up{job="serving",service="fashion"} == 1')) == 2 or None, 30)
    canonical = {recording.name for recording in RECORDINGS if recording.name.startswith("serving:")}
    wait_for(lambda: not [name for name in canonical if not project.query(name)] or None, 90)
    assert [float(s["value"][1]) for s in project.query("serving:up")] == [2.0]


def test_containers_are_closed(project: Project) -> None:
    """Each container is read-only, not root, without capabilities or new privileges, limited, on loopback alone."""
    for container in project.containers():
        host, name = container["HostConfig"], container["Name"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert container["Config"]["User"] not in ("", "0", "root"), name
        assert host["Memory"] > 0, name
        assert host["NanoCpus"] > 0, name
        published = [b for bindings in (host["PortBindings"] or {}).values() for b in bindings or ()]
        assert {b["HostIp"] for b in published} <= {"127.0.0.1"}, name


def test_the_image_holds_its_bill_of_materials_and_no_tools(project: Project) -> None:
    """Nothing in a serving container installs or compiles, and what was installed is listed in it."""
    tools = "command -v pip pip3 apt-get dpkg gcc cc make git curl perl || true"
    shell = ("exec", "--no-TTY", "--index", "1", "serving")
    assert project.compose(*shell, "sh", "-c", tools).stdout == ""
    bill = json.loads(project.compose(*shell, "cat", "/opt/servewatch/sbom.cdx.json").stdout)
    names = {part["name"] for part in bill["components"]}
    assert {"torch", "uvicorn", "libc6"} <= names
    assert bill["metadata"]["component"]["name"] == "servewatch"


def test_the_image_says_what_it_is(project: Project) -> None:
    """Its labels are those of the Open Containers Initiative, its user has a fixed id, and it has a health check."""
    config = project.containers("serving")[0]["Config"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    assert (labels["title"], labels["licenses"]) == ("servewatch", "Apache-2.0")
    assert labels["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert config["User"] == "10001:10001"
    assert config["Healthcheck"]["Test"][0] == "CMD"


def test_a_killed_replica_is_notified_and_resolves(project: Project) -> None:
    """One of two replicas killed gives one notification with a runbook link, and a resolved one when it is back."""
    wait_for(lambda: project.query(f"{STEADY} == 2") or None, 180)  # before, one that goes is not missed
    killed = project.containers("serving")[0]["Id"]
    subprocess.run(["docker", "kill", killed], check=True, capture_output=True)
    wait_for(lambda: project.notified("firing", "ReplicaDown") or None, 90)
    subprocess.run(["docker", "start", killed], check=True, capture_output=True)
    wait_for(lambda: project.notified("resolved", "ReplicaDown") or None, 150)
    fired = project.notified("firing", "ReplicaDown")
    assert len(fired) == 1
    assert fired[0]["alerts"][0]["annotations"]["runbook_url"].endswith("/alerts/runbook.md#replicadown")


def test_every_panel_has_data(project: Project) -> None:
    """`servewatch check --live` finds no panel without data on the containers' Prometheus, once traffic is scored."""
    assert_panels_have_data(f"http://127.0.0.1:{project.ports['prometheus']}", 300)


def test_a_rolling_update_under_load_loses_nothing(project: Project) -> None:
    """While each replica is replaced, every request on kept and on new connections is answered with 200.

    A third container of the old version, which does not run, is not taken for a new one.
    """
    idle = project.compose("create", "--no-recreate", "--scale", "serving=3", "serving")
    assert idle.returncode == 0, idle.stderr
    before = {container["Id"] for container in project.containers("serving")}
    with load(project.ports["service"]) as answers:
        wait_for(lambda: len(answers) > 100 or None, 30)
        updated = subprocess.run(
            [sys.executable, "-m", "servewatch", "update", "--no-build", "--replicas", "2"],
            cwd=ROOT,
            env=project.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        sent = len(answers)
        wait_for(lambda: len(answers) > sent + 100 or None, 30)
    assert updated.returncode == 0, updated.stdout + updated.stderr
    after = {container["Id"] for container in project.containers("serving")}
    assert (len(before), len(after)) == (3, 2)
    assert not before & after
    assert set(answers) == {"200"}
    alerts = project.get("prometheus", "/api/v1/alerts")["data"]["alerts"]
    firing = {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}
    assert not firing & {"ReplicaDown", "ServiceDown"}


def test_three_replicas_are_seen_within_two_scrapes(project: Project) -> None:
    """After `--scale serving=3` Prometheus has a third one that is up; and two again when there are two."""
    scale = ("up", "--detach", "--wait", "--no-recreate", "--no-deps")
    assert project.compose(*scale, "--scale", "serving=3", "serving").returncode == 0
    wait_for(lambda: [s["value"][1] for s in project.query("serving:up")] == ["3"] or None, 15)
    assert project.compose(*scale, "--scale", "serving=2", "serving").returncode == 0
    wait_for(lambda: [s["value"][1] for s in project.query("serving:up")] == ["2"] or None, 60)


def test_the_metrics_port_is_not_on_the_public_network(project: Project) -> None:
    """Serving containers are on the internal network alone, which leads nowhere outside."""
    for container in project.containers("serving"):
        assert list(container["NetworkSettings"]["Networks"]) == [f"{project.name}_inside"]
    told = subprocess.run(
        ["docker", "network", "inspect", f"{project.name}_inside"], capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout)[0]["Internal"] is True


def test_a_stopped_replica_ends_by_itself(project: Project) -> None:
    """SIGTERM to PID 1 drains it and it exits with 0, well within its grace time."""
    stopped = project.containers("serving")[0]["Id"]
    subprocess.run(["docker", "stop", stopped], check=True, capture_output=True, timeout=60)
    (told,) = json.loads(subprocess.run(["docker", "inspect", stopped], capture_output=True, check=True).stdout)
    subprocess.run(["docker", "start", stopped], check=True, capture_output=True)
    assert told["State"]["ExitCode"] == 0


def test_down_leaves_nothing(project: Project) -> None:
    """After down, no container, network or volume of the project is left."""
    assert project.compose("down", "--volumes", "--timeout", "30").returncode == 0
    for kind, shown in (("container", "ls --all"), ("network", "ls"), ("volume", "ls")):
        command = ["docker", kind, *shown.split(), "--quiet", "--filter", f"name={project.name}"]
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""
