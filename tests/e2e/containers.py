"""One stack in real containers for the tests of a file. Grafana's image is left out: no page is what is tested here."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from servewatch.stack.compose import engine_answers
from tests.e2e.checks import ROOT
from tests.servewatch.stack.stacks import free_port

SERVICES = ("serving", "gateway", "prometheus", "alertmanager", "receiver", "traffic")
PORTS = {"service": "SERVEWATCH_PORT"} | {
    name: f"SERVEWATCH_{name.upper()}_PORT" for name in ("prometheus", "alertmanager", "receiver", "grafana")
}
CONTAINERS = [
    pytest.mark.e2e,
    pytest.mark.containers,
    pytest.mark.skipif(
        not engine_answers(), reason="no container engine with Compose v2 answers: start Docker (docker info tells)"
    ),
]


@dataclass
class Project:
    """One compose project with a name and ports of its own, so that it meets no other."""

    name: str = field(default_factory=lambda: f"servewatch-test-{uuid.uuid4().hex[:8]}")
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in PORTS})

    @property
    def environment(self) -> dict[str, str]:
        """What docker compose is told, and `servewatch` as well."""
        told = {variable: str(self.ports[name]) for name, variable in PORTS.items()}
        return {**os.environ, **told, "COMPOSE_PROJECT_NAME": self.name}

    def compose(self, *words: str, seconds: float = 900.0) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "compose", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=seconds,
        )

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        names = self.compose("ps", "--all", "--quiet", *([service] if service else [])).stdout.split()
        told = subprocess.run(["docker", "inspect", *names], capture_output=True, text=True, check=True)
        found: list[dict[str, Any]] = json.loads(told.stdout)
        return found

    def get(self, name: str, path: str) -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}{path}", timeout=10) as answer:
            return json.load(answer)

    def query(self, query: str) -> list[Any]:
        found: list[Any] = self.get("prometheus", f"/api/v1/query?query={urllib.parse.quote(query)}")["data"]["result"]
        return found

    def notified(self, status: str, alert: str) -> list[Any]:
        came = self.get("receiver", "/notifications")
        return [n for n in came if any((a["status"], a["labels"]["alertname"]) == (status, alert) for a in n["alerts"])]


@contextlib.contextmanager
def started(services: tuple[str, ...] = SERVICES) -> Iterator[Project]:
    """A project whose images are built and whose containers are healthy, two replicas; nothing of it is left after."""
    running = Project()
    try:
        built = running.compose("build", "serving", "receiver", "gateway")
        assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
        answer = running.compose("up", "--detach", "--wait", "--scale", "serving=2", *services)
        assert answer.returncode == 0, answer.stderr[-3000:] + running.compose("logs").stdout[-3000:]
        yield running
    finally:
        running.compose("down", "--volumes", "--timeout", "30")
