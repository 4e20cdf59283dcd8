"""servewatch/check/live.py: panels that are empty on a running Prometheus, each with its reason."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from click.testing import CliRunner

from servewatch.check import declared, queries
from servewatch.check.live import Prometheus, PrometheusUnreachable, empty
from servewatch.check.sources import Query
from servewatch.cli.check import check as command
from servewatch.generate import ROOT

ANSWERING = 'up{job="serving"} == 1'


class _Answers(BaseHTTPRequestHandler):
    """A Prometheus that knows only the queries in `known`."""

    known: frozenset[str] = frozenset()

    def do_GET(self) -> None:
        query = parse_qs(urlparse(self.path).query)["query"][0]
        result = [{"metric": {}, "value": [0, "1"]}] if query in self.known else []
        body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def prometheus() -> Iterator[str]:
    """The address of a server that answers like a Prometheus."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("known", "text", "reason"),
    [
        (set(), "servewatch_requests_in_progress", "no target exposes servewatch_requests_in_progress"),
        (set(), "serving:errors:ratio_rate5m", "no rule records serving:errors:ratio_rate5m"),
        ({"count(serving:up)"}, "serving:errors:ratio_rate5m", "no traffic to record"),
        ({"count(up)"}, 'up{service="x"}', 'nothing matches up{service="x"}'),
        ({"up"}, "sum(up) > 9", "no traffic: every series is there"),
    ],
)
def test_an_empty_panel_is_reported_with_its_reason(known, text, reason, prometheus, monkeypatch):
    """A missing metric, a missing rule, a missing label and a lack of traffic are told apart."""
    monkeypatch.setattr(_Answers, "known", frozenset({ANSWERING, *known}))
    query = Query(Path("board.json"), "panel 'X'", text, "panel")
    (problem,) = empty([query], Prometheus(prometheus), declared())
    assert reason in problem.found


def test_without_a_target_there_is_one_problem_and_not_one_per_panel(prometheus, monkeypatch):
    """Where no service answers scrapes, that is what is told."""
    monkeypatch.setattr(_Answers, "known", frozenset())
    (problem,) = empty(queries(ROOT), Prometheus(prometheus), declared())
    assert "target down" in problem.found
    assert f"{prometheus}/targets" in problem.expected


def test_panels_with_a_result_and_quiet_alerts_are_no_problem(prometheus, monkeypatch):
    """A query with a result is fine, and so is an empty list of firing alerts."""
    monkeypatch.setattr(_Answers, "known", frozenset({ANSWERING, "up"}))
    asked = [Query(Path("b"), "p", text, "panel") for text in ("up", 'ALERTS{alertstate="firing"}')]
    assert list(empty(asked, Prometheus(prometheus), declared())) == []


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("sum(rate(servewatch_first_chunk_seconds_count[5m]))", "servewatch_first_chunk_seconds_bucket"),
        ("sum(rate(servewatch_runner_dispatches_total[5m]))", "servewatch_runner_queue_requests"),
        ("serving:batch_size:mean5m", "servewatch_runner_queue_requests"),
        ("servewatch_model_saved_timestamp_seconds", "servewatch_model_info"),
    ],
)
@pytest.mark.parametrize("does", [False, True])
def test_what_no_service_does_may_be_absent(text, sign, does, prometheus, monkeypatch):
    """Where no endpoint streams, batches or has a model, its panel is rightly empty; where one does, that is told."""
    monkeypatch.setattr(_Answers, "known", frozenset({ANSWERING, *([f"count({sign})"] if does else [])}))
    query = Query(Path("b"), "p", text, "panel")
    assert len(list(empty([query], Prometheus(prometheus), declared()))) == does


def test_the_live_command_exits_with_1_and_names_empty_panels(prometheus, monkeypatch):
    """Where a service is scraped and gives no series, `check --live` reports each panel and exits with 1."""
    monkeypatch.setattr(_Answers, "known", frozenset({ANSWERING}))
    answer = CliRunner().invoke(command, ["--live", prometheus])
    assert answer.exit_code == 1
    assert "panel 'Requests', query A" in answer.output


def test_an_address_that_is_no_prometheus_is_an_error_with_advice():
    """Nothing listens there: the error names the address and where to look."""
    with pytest.raises(PrometheusUnreachable, match=r"127\.0\.0\.1:1 does not answer as a Prometheus(.|\n)*help: "):
        Prometheus("http://127.0.0.1:1").ask("up")
