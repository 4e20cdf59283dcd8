"""A service of one's own in real containers: its name, its objective, its alert. Its image is the demo's and more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.checks import ROOT
from tests.e2e.containers import CONTAINERS, SERVICES, Project
from tests.servewatch.stack.stacks import wait_for

pytestmark = CONTAINERS

GARDEN = """
from monitoring import own
from monitoring.own import Alert
from serving import api, service

FLOWERS = own.counter(
    "garden_flowers_total", "Flowers.", alert=Alert("ManyFlowers", of="increase", above=10, window="1m", for_="5s")
)

@service(name="garden", owner="gardener", slos=["availability 99.5%"])
class Garden:
    @api
    async def pick(self, count: int) -> int:
        FLOWERS.inc(count)
        return count
"""


@dataclass
class Own(Project):
    """A project that serves another image and reads the files that were generated of its service."""

    generated: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What .env would say, and `docker compose` is told here."""
        told = {"IMAGE": f"{self.name}:1.0", "SERVICE": "garden:Garden", "GENERATED": self.generated, "TRAFFIC": "0"}
        return {**super().environment, **{f"SERVEWATCH_{name}": value for name, value in told.items()}}

    def pick(self, count: int) -> int:
        address = f"http://127.0.0.1:{self.ports['service']}/pick"
        request = urllib.request.Request(address, str(count).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            found: int = json.load(answer)
        return found


@pytest.fixture(scope="module")
def project() -> Iterator[Own]:
    with tempfile.TemporaryDirectory() as name:
        folder, running = Path(name), Own(generated=f"{name}/watched")
        folder.chmod(0o755)  # Prometheus's user reads it
        (folder / "garden.py").write_text(GARDEN)
        (folder / "Dockerfile").write_text("FROM servewatch/serving:0.1.0\nCOPY garden.py /app/\n")
        words = ("generate", "--service", "garden:Garden", "--out", running.generated)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        try:
            built = running.compose("build", "receiver", "gateway")
            assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
            demo = Project().compose("build", "serving")
            assert demo.returncode == 0, demo.stdout[-3000:] + demo.stderr[-3000:]
            subprocess.run(["docker", "build", "--tag", f"{running.name}:1.0", str(folder)], check=True)
            subprocess.run([sys.executable, "-m", "servewatch", *words], cwd=folder, env=environment, check=True)
            answer = running.compose("up", "--detach", "--no-build", "--wait", *SERVICES)
            assert answer.returncode == 0, answer.stderr[-3000:] + running.compose("logs").stdout[-3000:]
            yield running
        finally:
            running.compose("down", "--volumes", "--timeout", "30")
            subprocess.run(["docker", "rmi", "--force", f"{running.name}:1.0"], capture_output=True)


def test_its_replicas_and_its_objective_are_recorded_under_its_name(project: Own) -> None:
    """Nothing is called fashion, as the demo is, and what the declaration promises is what is recorded."""
    wait_for(lambda: [s["metric"]["service"] for s in project.query("serving:up")] == ["garden"] or None, 120)
    promised = 'slo:objective:ratio{slo="availability"}'
    wait_for(lambda: [s["value"][1] for s in project.query(promised)] == ["0.995"] or None, 120)
    assert project.query('{service="fashion"}') == []
    assert project.compose("ps", "--all", "--quiet", "traffic").stdout == ""


def test_its_own_alert_is_notified_with_its_owner(project: Own) -> None:
    """A metric of its own goes over what its declaration says, and the notification says whose it is."""
    assert project.pick(1) == 1
    wait_for(lambda: project.query("garden_flowers_total == 1") or None, 120)
    project.pick(100)
    fired = wait_for(lambda: project.notified("firing", "ManyFlowers") or None, 180)
    assert fired[0]["alerts"][0]["labels"]["owner"] == "gardener"
