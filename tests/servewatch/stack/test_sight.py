"""servewatch/stack/sight.py: whether monitoring sees anything, asked of a real Prometheus where that can be."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from alerts import alertmanager
from servewatch.stack import config, health, sight, tools
from servewatch.stack.ports import Ports
from tests.servewatch.channels import listening
from tests.servewatch.stack.stacks import free_port, wait_for

STARTED = "2026-03-01T10:00:00.5Z"
NOW = 1772359500.0
"""Five minutes later."""


class Stand(ThreadingHTTPServer):
    """Answers as Prometheus and Alertmanager do, with what a test puts in."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.newest, self.up, self.told = NOW - 3, ["1"], [{"labels": {"alertname": "Watchdog"}}]
        self.labels: dict[str, str] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str) -> Any:
        series = [{"metric": self.labels, "value": [NOW, value]} for value in self.up]
        return {
            "/api/v1/status/runtimeinfo": {"data": {"startTime": STARTED}},
            "/api/v1/status/tsdb": {"data": {"headStats": {"maxTime": int(self.newest * 1000)}}},
            "/api/v1/query": {"data": {"result": series}},
            "/api/v2/alerts": self.told,
        }[path.partition("?")[0]]


class _Answer(BaseHTTPRequestHandler):
    server: Stand

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.answer(self.path)).encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def stand() -> Iterator[Stand]:
    with listening(Stand()) as server:
        yield server


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, None),
        ({"newest": NOW - 300}, "Prometheus has written nothing for 300 s"),
        ({"newest": NOW + 3600}, "the clock was set back, its newest sample is 3600 s in the future"),
        ({"up": []}, "Prometheus scrapes no service"),
        ({"up": ["0", "0"]}, "no service answers Prometheus's scrapes"),
        ({"up": ["0", "1"]}, None),
        (
            {"up": ["0", "1"], "labels": {"adapter": "bentoml", "service": "ranking", "instance": "a:3000"}},
            "no answer to Prometheus's scrapes from ranking at a:3000: is it running",
        ),
        ({"told": []}, "nobody is notified of alerts: Watchdog, which always fires, has not reached Alertmanager"),
    ],
)
def test_each_way_to_be_blind_is_told(stand: Stand, changed: dict[str, Any], said: str | None) -> None:
    """No samples, a clock that went back, no scrapes and no word to Alertmanager are told; without them nothing is."""
    vars(stand).update(changed)
    found = sight.blind(stand.url, stand.url, lambda: NOW)
    assert len(found) == (said is not None)
    assert said is None or said in found[0]


def test_a_young_prometheus_is_given_time(stand: Stand) -> None:
    """In the first minute nothing can have been scraped; its word to Alertmanager may have to be said a second time."""
    stand.newest, stand.up, stand.told = NOW - 295, [], []
    assert sight.blind(stand.url, stand.url, lambda: NOW - 290) == []
    assert [reason.split()[0] for reason in sight.blind(stand.url, stand.url, lambda: NOW - 200)] == ["Prometheus"] * 2
    assert len(sight.blind(stand.url, stand.url, lambda: NOW)) == 3


def test_what_cannot_be_asked_is_blind(stand: Stand) -> None:
    """Without Prometheus nothing is watched; without Alertmanager nobody is told."""
    gone = f"http://127.0.0.1:{free_port()}"
    assert sight.blind(gone, stand.url)[0].startswith("nothing is watched: Prometheus cannot be asked")
    (told,) = sight.blind(stand.url, gone, lambda: NOW)
    assert told.startswith("nobody is notified of alerts: Alertmanager cannot be asked")


def test_a_real_prometheus_tells_by_its_samples_that_the_clock_was_set(tmp_path: Path) -> None:
    """Its interfaces are what is read: an hour later nothing was written, an hour earlier its samples are ahead."""
    program = tools.find(tools.PROMETHEUS)
    if program is None:
        pytest.skip("prometheus is not on PATH: apt-get install prometheus")
    ports = Ports(prometheus=free_port(), alertmanager=free_port(), metrics=free_port())
    config.write(tmp_path, ports, "fashion", alertmanager.config())
    url = ports.url("prometheus")
    argv = config.prometheus_argv(program, tmp_path, ports)
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            wait_for(lambda: health.answers(f"{url}/-/ready") == "" or None)
            later = wait_for(lambda: _told(url, ports, 3600.0, "has written nothing for 3"), 30.0)
            assert "see its disk" in later
            assert "set the clock right" in wait_for(lambda: _told(url, ports, -3600.0, "the clock was set back"), 30.0)
        finally:
            running.terminate()
            running.wait(15)


def _told(url: str, ports: Ports, shift: float, said: str) -> str | None:
    found = sight.blind(url, ports.url("alertmanager"), lambda: time.time() + shift)
    return next((reason for reason in found if said in reason), None)
