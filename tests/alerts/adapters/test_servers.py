"""alerts/adapters against servers that run: what they expose is what is declared, names, labels and bounds."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from alerts.adapters import BY_KIND
from servewatch.stack import health, targets
from tests.servewatch.stack.stacks import free_port, wait_for

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]
BENTOML, PLAIN = (ROOT / ".bench" / name / "bin" / "python" for name in ("bentoml", "plain"))
INSTALL = "is missing; run: python -m venv .bench/{0} && .bench/{0}/bin/pip install {1}"


@contextlib.contextmanager
def running(argv: list[str], folder: Path, url: str, **environment: str) -> Iterator[None]:
    """A server in a folder, until it has answered and is not needed any more."""
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            argv, cwd=folder, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_for(lambda: server.poll() is not None or health.answers(url) == "", 60)
        assert server.poll() is None, log.read_text()
        yield
    finally:
        server.terminate()
        server.wait(40)


def scraped(port: int) -> dict[str, Metric]:
    """The page of a server, by the names of its metrics."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
        families = text_string_to_metric_families(page.read().decode())
        return {family.name: family for family in families}


def compared(kind: str, page: dict[str, Metric]) -> set[str]:
    """The declared metrics that are on a page, each with its labels and bounds."""
    found = set()
    for metric in BY_KIND[kind].metrics:
        family = page.get(metric.name.removesuffix("_total"))
        if family is None or not family.samples:
            continue
        found.add(metric.name)
        labels = set().union(*(sample.labels for sample in family.samples)) - {"le"}
        assert labels == set(metric.labels) - {"service", "adapter"}, metric.name
        bounds = {float(sample.labels["le"]) for sample in family.samples if "le" in sample.labels} - {float("inf")}
        # Those of a batch's size end at the largest batch that the service allows.
        assert bounds == set(metric.buckets) if metric.unit == "seconds" else bounds <= set(metric.buckets), metric.name
    return found


def post(url: str, body: bytes) -> int:
    """Ask, and give the status of the answer."""
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked) as answer:
        return int(answer.status)


@pytest.mark.skipif(
    not BENTOML.exists(), reason=f"{BENTOML} {INSTALL.format('bentoml', 'bentoml==1.4.39 numpy pillow')}"
)
def test_bentoml_exposes_what_is_declared(tmp_path: Path) -> None:
    """The plain BentoML service of the examples, unchanged, has each metric that its adapter reads."""
    shutil.copy(ROOT / "examples" / "bentoml" / "service.py", tmp_path)
    sizes = [(512, 784), (512, 512), (10, 512)]
    weights = {f"weight{at}": np.zeros(size, np.float32) for at, size in enumerate(sizes)}
    biases = {f"bias{at}": np.zeros(size[0], np.float32) for at, size in enumerate(sizes)}
    np.savez(tmp_path / "weights.npz", classes=np.array(list("abcdefghij")), **weights, **biases)
    port = free_port()
    argv = [str(BENTOML), "-m", "bentoml", "serve", "service:Bento", "--port", str(port), "--host", "127.0.0.1"]
    home = {"BENTOML_HOME": str(tmp_path / "bentoml"), "BENTOML_DO_NOT_TRACK": "1"}
    with running(argv, tmp_path, f"http://127.0.0.1:{port}/readyz", **home):
        picture = json.dumps({"pictures": np.zeros((1, 28, 28)).tolist()}).encode()
        assert post(f"http://127.0.0.1:{port}/classify", picture) == 200
        assert compared("bentoml", scraped(port)) == {metric.name for metric in BY_KIND["bentoml"].metrics}
        assert targets.look(targets.parse(f"bentoml=127.0.0.1:{port}")) == ""
        assert "looks like bentoml" in targets.look(targets.parse(f"triton=127.0.0.1:{port}"))


@pytest.mark.skipif(
    not PLAIN.exists(),
    reason=f"{PLAIN} {INSTALL.format('plain', 'fastapi uvicorn prometheus-fastapi-instrumentator==8.1.0')}",
)
def test_an_instrumented_app_exposes_what_is_declared(tmp_path: Path) -> None:
    """A FastAPI app with the instrumentator has each metric that its adapter reads."""
    port = free_port()
    with running([str(PLAIN), str(HERE / "app.py"), str(port)], tmp_path, f"http://127.0.0.1:{port}/metrics"):
        assert post(f"http://127.0.0.1:{port}/rank", b"") == 200
        assert compared("fastapi", scraped(port)) == {metric.name for metric in BY_KIND["fastapi"].metrics}
        assert targets.look(targets.parse(f"fastapi=127.0.0.1:{port}")) == ""
