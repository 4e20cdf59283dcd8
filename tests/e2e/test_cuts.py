"""Containers that are cut off from each other or die: who is served, who is told. Two replicas, without traffic."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.checks import ROOT
from tests.e2e.containers import CONTAINERS, Project, started
from tests.servewatch.stack.stacks import wait_for

SERVICES = ("serving", "gateway", "prometheus", "alertmanager", "receiver")
IMAGE = "servewatch/demo:0.1.0"

pytestmark = CONTAINERS


@pytest.fixture(scope="module")
def project() -> Iterator[Project]:
    with started(SERVICES) as running:
        wait_for(lambda: _replicas(running) == 2 or None, 60)
        yield running


def _docker(*words: str) -> None:
    subprocess.run(["docker", *words], check=True, capture_output=True, timeout=60)


@contextlib.contextmanager
def _cut(project: Project, service: str, *networks: str) -> Iterator[None]:
    """One container of a service without these networks; it gets them back with the names that others know it by."""
    container = project.containers(service)[0]
    known = {name: at["Aliases"] or [] for name, at in container["NetworkSettings"]["Networks"].items()}
    for network in networks:
        _docker("network", "disconnect", f"{project.name}_{network}", container["Id"])
    try:
        yield
    finally:
        for network in networks:
            aliases = [word for alias in known[f"{project.name}_{network}"] for word in ("--alias", alias)]
            _docker("network", "connect", *aliases, f"{project.name}_{network}", container["Id"])


def _predict(project: Project, fault: str = "") -> tuple[int, dict[str, Any]]:
    url = f"http://127.0.0.1:{project.ports['service']}/predict_array"
    headers = {"Content-Type": "application/json", **({"X-Servewatch-Fault": fault} if fault else {})}
    request = urllib.request.Request(url, json.dumps([[0] * 28] * 28).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _serves(project: Project) -> bool:
    try:
        return _predict(project)[0] == 200
    except OSError:
        return False


def _replicas(project: Project) -> int:
    return sum(float(series["value"][1]) == 1 for series in project.query('up{job="serving"}'))


def _status(project: Project) -> tuple[int, list[str]]:
    """The exit code of `servewatch status` and why monitoring is blind."""
    command = [sys.executable, "-m", "servewatch", "status", "--json"]
    told = subprocess.run(command, cwd=ROOT, env=project.environment, capture_output=True, text=True, timeout=60)
    return told.returncode, json.loads(told.stdout)["problems"]


def test_a_gateway_that_is_killed_is_started_again(project: Project) -> None:
    """The engine starts the killed gateway again without being told, and requests are answered as before."""
    pid = project.containers("gateway")[0]["State"]["Pid"]
    killing = ("--rm", "--network", "none", "--pid", "host", "--user", "0", "--entrypoint", "python", IMAGE)
    _docker("run", *killing, "-c", f"import os; os.kill({pid}, 9)")
    (gateway,) = wait_for(lambda: [c for c in project.containers("gateway") if c["RestartCount"]], 30)
    wait_for(lambda: _serves(project) or None, 30)
    assert gateway["State"]["Pid"] != pid


def test_a_gateway_that_somebody_stopped_is_a_page(project: Project) -> None:
    """Nobody is served though every replica is well: GatewayDown is notified of, and ServiceDown is not."""
    project.compose("stop", "gateway")
    try:
        wait_for(lambda: project.notified("firing", "GatewayDown") or None, 150)
    finally:
        project.compose("start", "gateway")
    wait_for(lambda: _serves(project) or None, 60)
    assert not project.notified("firing", "ServiceDown")


def test_what_a_replica_works_on_when_it_is_cut_off_is_given_up(project: Project) -> None:
    """Its requests get the gateway's 502, those of the other one are answered, and so is whatever comes next."""
    with ThreadPoolExecutor(4) as pool:
        sent = [pool.submit(_predict, project, "slow=10") for _ in range(4)]
        working = "count(servewatch_requests_in_progress > 0) == 2"
        wait_for(lambda: project.query(working) or None, 9)
        with _cut(project, "serving", "inside"):
            answers = [request.result() for request in sent]
            assert _serves(project)
    lost = [body["error"]["code"] for status, body in answers if status != 200]
    assert {status for status, _ in answers} == {200, 502}
    assert set(lost) == {"replica_lost"}
    wait_for(lambda: _replicas(project) == 2 or None, 30)


def test_prometheus_cut_off_from_the_replicas_says_so(project: Project) -> None:
    """Requests are answered as ever; ServiceDown is notified of by the other network; `status` exits with 1."""
    with _cut(project, "prometheus", "inside"):
        wait_for(lambda: project.notified("firing", "ServiceDown") or None, 90)
        blind = (1, ["Prometheus scrapes no service: see its page of targets"])
        wait_for(lambda: _status(project) == blind or None, 120)  # a Prometheus that began just now is given a minute
        assert _serves(project)
    wait_for(lambda: _replicas(project) == 2 or None, 30)


def test_an_alertmanager_that_is_cut_off_is_told_of(project: Project) -> None:
    """`status` says that nobody would be notified while it has no network, and nothing once it has one again."""
    with _cut(project, "alertmanager", "inside", "outside"):
        code, problems = _status(project)
    assert code == 1
    assert problems == ["alertmanager cannot be asked: it is stopped, or cut from its network"]
    wait_for(lambda: _status(project) == (0, []) or None, 60)
