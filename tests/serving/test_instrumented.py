"""`servewatch serve` of an app that is not ours: serving/instrumented.py."""

from __future__ import annotations

import signal
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.errors import ServiceInvalid
from serving.instrumented import find
from serving.loading import load_service
from tests.monitoring.tracing.collectors import Collector, collecting
from tests.serving.test_server import Process

FAST = """
from fastapi import FastAPI
from monitoring import instrument

app = instrument(FastAPI(), service="shop", version="3")
plain = FastAPI()

@app.get("/orders/{name}")
def order(name: str) -> str:
    return name
"""
FLASK = """
from flask import Flask
from monitoring import instrument

app = instrument(Flask("shop"), version="3")

@app.get("/orders/{name}".replace("{", "<").replace("}", ">"))
def order(name):
    return name
"""


@pytest.fixture
def started(tmp_path: Path, free_port: Callable[[], int], eventually: Any) -> Iterator[Callable[..., Process]]:
    """`started(code)` serves `app` of a module with this code, and waits until it is ready."""
    running: list[Process] = []

    def start(code: str, **options: str) -> Process:
        (tmp_path / "shop_app.py").write_text(code)
        running.append(process := Process(tmp_path, free_port(), free_port(), "shop_app:app", **options))
        eventually(lambda: process.status("/readyz") == 200, 20)
        return process

    yield start
    for process in running:
        process.kill()


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A local HTTP server that stands for a collector."""
    with collecting() as collector:
        yield collector


def page(process: Process, path: str = "/metrics") -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{process.metrics_port}{path}", timeout=5) as answer:
        return str(answer.read().decode())


@pytest.mark.parametrize(("code", "route"), [(FAST, "/orders/{name}"), (FLASK, "/orders/<name>")])
def test_an_instrumented_app_is_served_measured_and_traced(
    started: Callable[..., Process], collector: Collector, code: str, route: str
) -> None:
    """By its routes, with /metrics on the port that a stack scrapes; what it has traced is sent before it ends."""
    process = started(code, SERVEWATCH_TRACE_ENDPOINT=collector.url, SERVEWATCH_TRACE_SAMPLE="1")
    assert process.status("/orders/7") == 200
    counted = f'servewatch_requests_total{{code="200",endpoint="{route}",service="shop",version="3"}} 1.0'
    assert counted in page(process)
    assert "_created" not in page(process)
    assert page(process, "/metrics/reference") is not None
    process.popen.send_signal(signal.SIGTERM)
    code_, said = process.end()
    assert "Traceback" not in said, code_
    assert [span.name for span in collector.spans] == [f"GET {route}"]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a module with an app that is instrumented and one that is not."""
    (tmp_path / "two_apps.py").write_text(FAST.replace("instrument(FastAPI()", "instrument(FastAPI(), registry=R"))
    code = (tmp_path / "two_apps.py").read_text()
    (tmp_path / "two_apps.py").write_text(
        f"from prometheus_client import CollectorRegistry\nR = CollectorRegistry()\n{code}"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return "two_apps"


def test_only_an_app_that_was_instrumented_is_one(written: str) -> None:
    """Of another, the error of a service says what to call."""
    assert find(f"{written}:app") is not None
    assert find(f"{written}:plain") is find(f"{written}:nothing") is find(f"{written}:FastAPI") is None
    with pytest.raises(ServiceInvalid, match=r"two_apps:plain is a FastAPI, and no service\nhelp: .*instrument\(app\)"):
        load_service(f"{written}:plain")


def test_several_processes_are_for_services_of_ours(written: str) -> None:
    """What each of them says of an instrumented app is how such a one is run in several."""
    with pytest.raises(ServiceInvalid, match=r"two_apps:app is an app .* one process\nhelp: .*processes=FOLDER"):
        load_service(f"{written}:app")
