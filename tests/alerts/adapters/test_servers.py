"""alerts/adapters against servers that run: what they expose is what is declared, names, labels and bounds."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from alerts.adapters import BY_KIND, GAP
from alerts.adapters.foreign import SECONDS
from monitoring.catalogue import drift, requests
from servewatch.stack import health, targets
from tests.alerts.drift.prometheus import ask
from tests.prometheus import started
from tests.servewatch.stack.stacks import free_port, wait_for

HERE, ROOT = Path(__file__).parent, Path(__file__).parents[3]
BENTOML, PLAIN, MLSERVER, RAY = (
    ROOT / ".bench" / name / "bin" / "python" for name in ("bentoml", "plain", "mlserver", "ray")
)
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
        assert bounds == set(metric.buckets) if metric.unit in SECONDS else bounds <= set(metric.buckets), metric.name
    return found


def post(url: str, body: bytes) -> int:
    """Ask, and give the status of the answer."""
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code


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


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not on PATH")
def test_an_app_of_monitoring_instrument_is_watched_under_its_own_server(tmp_path: Path) -> None:
    """uvicorn runs it, a target names it: requests by code, no batches, its model and what that learnt."""
    port, rules = free_port(), ROOT / "alerts" / "generated"
    target = targets.parse(f"servewatch=127.0.0.1:{port},service=ranking")
    jobs = [{**job, "scrape_interval": "1s"} for job in targets.jobs([target])]
    files = [str(rules / f"{name}.rules.yml") for name in ("adapter-servewatch", "requests", "batching")]
    config = {"global": {"evaluation_interval": "1s"}, "rule_files": files, "scrape_configs": jobs}
    url = f"http://127.0.0.1:{port}"
    with running([sys.executable, str(HERE / "instrumented.py"), str(port)], tmp_path, f"{url}/readyz"):
        assert targets.look(target) == ""
        assert "looks like servewatch" in targets.look(targets.parse(f"fastapi=127.0.0.1:{port}"))
        with started(tmp_path, config) as prometheus:

            def shown(query: str, label: str) -> set[str]:
                return {labels[label] for labels, _ in ask(prometheus, query) if labels["service"] == "ranking"}

            wait_for(lambda: ask(prometheus, requests.TOTAL.name), 60)
            assert [post(f"{url}{path}", b"") for path in ("/rank", "/fail")] == [200, 500]
            wait_for(lambda: shown("serving:requests:rate1m > 0", "code") == {"200", "500"}, 60)
            unbatched = {"queue_requests", "queue_seconds", "batch_size"}
            wait_for(lambda: shown(f"{GAP} == {BY_KIND['servewatch'].number}", "signal") == unbatched, 60)
            assert shown("serving:up == 1", "service") == {"ranking"}
            assert shown(f"{drift.OBSERVATIONS.name} == 1", "feature") == {"age"}
            wait_for(lambda: shown(f"{drift.REFERENCE_ROWS.name} == 1000", "model") == {"ranker"}, 60)


def value(page: dict[str, Metric], name: str, **labels: str) -> float:
    """The sum of the series of a name that have these labels."""
    found = (sample for family in page.values() for sample in family.samples if sample.name == name)
    return sum(sample.value for sample in found if labels.items() <= sample.labels.items())


@pytest.mark.skipif(
    not MLSERVER.exists(),
    reason=f"{MLSERVER} {INSTALL.format('mlserver', repr('mlserver==1.7.1') + ' ' + repr('uvloop<0.22'))}",
)
def test_mlserver_exposes_what_is_declared(tmp_path: Path) -> None:
    """A model of MLServer shows each metric, codes over REST, and calls of gRPC that fail as ended alone."""
    shutil.copy(HERE / "ranker.py", tmp_path)
    port, grpc_port, metrics = free_port(), free_port(), free_port()
    ports = {"http_port": port, "grpc_port": grpc_port, "metrics_port": metrics}
    (tmp_path / "settings.json").write_text(json.dumps({"host": "127.0.0.1", "parallel_workers": 1, **ports}))
    model = {"name": "ranking", "implementation": "ranker.Ranker", "max_batch_size": 8, "max_batch_time": 0.01}
    (tmp_path / "model-settings.json").write_text(json.dumps(model))
    url = f"http://127.0.0.1:{port}/v2/models/ranking"
    with running([str(MLSERVER.with_name("mlserver")), "start", "."], tmp_path, f"{url}/ready"):
        rows = {"name": "rows", "shape": [1, 1], "datatype": "FP64"}
        asked = [json.dumps({"inputs": [{**rows, "data": [row]}]}).encode() for row in (1.0, -1.0)]
        assert [post(f"{url}/infer", body) for body in asked] == [200, 400]
        subprocess.run([str(MLSERVER), "ranker.py", str(grpc_port)], cwd=tmp_path, check=True, timeout=30)
        page = scraped(metrics)
        assert compared("mlserver", page) == {metric.name for metric in BY_KIND["mlserver"].metrics}
        for code in ("200", "400"):
            assert value(page, "rest_server_requests_total", method="POST", status_code=code) == 1
        assert value(page, "grpc_server_handling_seconds_count", grpc_method="ModelInfer") == 2
        assert value(page, "grpc_server_handled_total", grpc_method="ModelInfer") == 1
        assert targets.look(targets.parse(f"mlserver=127.0.0.1:{metrics}")) == ""


@pytest.mark.skipif(not RAY.exists(), reason=f"{RAY} {INSTALL.format('ray', repr('ray[serve]==2.60.0'))}")
def test_ray_exposes_what_is_declared(tmp_path: Path) -> None:
    """A deployment of Ray Serve shows each metric, and a batch of one as the middle of its bucket."""
    shutil.copy(HERE / "ranking.py", tmp_path)
    port, metrics, known = free_port(), free_port(), BY_KIND["ray"].metrics
    # A socket's path may have 107 characters, which those of tests exceed.
    with tempfile.TemporaryDirectory(prefix="ray") as short:
        home = {"HOME": str(tmp_path), "RAY_TMPDIR": short, "RAY_USAGE_STATS_ENABLED": "0"}
        quick = {"RAY_metrics_report_interval_ms": "1000"}
        argv = [str(RAY), "ranking.py", str(port), str(metrics)]
        with running(argv, tmp_path, f"http://127.0.0.1:{port}/-/healthz", **home, **quick):
            url = f"http://127.0.0.1:{port}/"
            wait_for(lambda: post(url, b'{"row": 1}') == 200, 20)
            assert post(url, b'{"row": -1}') == 500
            wait_for(lambda: len(compared("ray", scraped(metrics))) == len(known), 20)
            page = scraped(metrics)
            batches, rows = (value(page, f"ray_serve_actual_batch_size_{part}") for part in ("count", "sum"))
            assert rows == batches / 2
            assert targets.look(targets.parse(f"ray=127.0.0.1:{metrics}")) == ""
