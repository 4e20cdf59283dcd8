"""servewatch/check: wrong queries are found wherever they stand, and right ones are left alone."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import pytest
from click.testing import CliRunner

from servewatch.check import Query, check, declared, queries
from servewatch.check.lint import findings
from servewatch.check.live import Prometheus, PrometheusUnreachable, empty
from servewatch.check.texts import asked_values, plain
from servewatch.cli.check import check as command
from servewatch.generate import ROOT
from servewatch.stack import promtool

ANSWERING = 'up{job="serving"} == 1'


def found(text: str, kind: str = "panel", shown: frozenset[str] = frozenset()) -> str:
    """What the lint says about one query, in one string."""
    query = Query(Path("board.json"), "panel 'X'", text, kind, shown)
    return "\n".join(map(str, findings(query, declared())))


def test_every_query_of_this_checkout_is_fine():
    """Panels, variables, annotations, rules, rule tests and the runbook read what is declared."""
    asked = queries(ROOT)
    assert {query.kind for query in asked} == {
        "panel",
        "variable",
        "annotation",
        "rule",
        "test",
        "series",
        "alert",
        "runbook",
    }
    assert check(ROOT, asked) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(serving:requets:rate5m)", "perhaps serving:requests:rate5m"),
        ('servewatch_requests_in_progress{model="x"}', "no label 'model'"),
        (
            "rate(servewatch_requests_in_progress[5m])",
            "rate() of 'servewatch_requests_in_progress'",
        ),
        ("rate(serving:requests:rate5m[5m])", "which is no counter"),
        ("sum(servewatch_requests_total)", "read as it is"),
        ("servewatch_requests_total", "read as it is"),
        ("sum by (runner) (rate(servewatch_requests_total[5m]))", "by or without 'runner'"),
        ("sum without (runner) (rate(servewatch_requests_total[5m]))", "by or without 'runner'"),
        ("histogram_quantile(0.9, sum(rate(servewatch_requests_total[5m])))", "no label 'le'"),
        ("sum by (service) (serving:requests:rate5m) / serving:requests:rate5m", "nothing will match"),
        ("serving:up and on (instance) up", "on 'instance', which is not on both sides"),
        ("servewatch_runner_batch_size", "declared nowhere"),
        ("sum(((", "this is not PromQL"),
    ],
)
def test_a_wrong_query_is_told_with_its_place_and_what_was_expected(text, said):
    """Each kind of mistake is named, with file, place, the text itself and what is right."""
    told = found(text)
    assert said in told
    assert told.startswith("board.json: panel 'X'")
    assert text in told
    assert "expected: " in told


@pytest.mark.parametrize(
    "text",
    [
        'sum by (instance) (rate(servewatch_requests_total{job="serving"}[$__rate_interval]))',
        "histogram_quantile(0.9, serving:request_duration_seconds_bucket:rate5m)",
        "topk(3, serving:up) * on (service) group_left (version) max by (service, version) (servewatch_model_info)",
        'sum by (host) (label_replace(up, "host", "$1", "instance", "(.*):.*"))',
        "changes(process_start_time_seconds[1h]) or vector(0)",
        "resets(servewatch_requests_total[1h]) > 0",
        "max_over_time(sum by (service) (up)[10m:1m])",
        "time() - process_start_time_seconds",
    ],
)
def test_a_right_query_is_left_alone(text):
    """Target labels, vector matching, subqueries and functions on counters are understood."""
    assert found(text) == ""


def test_a_legend_cannot_show_a_label_that_the_result_lacks():
    """Labels of legends, columns and annotations are held against the labels of the result."""
    text = "sum by (service) (serving:requests:rate5m)"
    assert found(text, shown=frozenset({"service"})) == ""
    assert "shows the label 'code'" in found(text, shown=frozenset({"code"}))


def test_an_unknown_alert_in_a_rule_test_is_found():
    """A rule test that names no alert of ours would pass for ever, so it is told."""
    assert "'RequestErorsHigh' is no alert" in found("RequestErorsHigh", kind="alert")
    assert found("RequestErrorsHigh", kind="alert") == ""


def test_a_counter_may_stand_alone_where_it_is_a_sample():
    """Input series of rule tests and variables name counters as they are."""
    assert found('servewatch_requests_total{code="200"}', kind="series") == ""


def test_variables_are_put_in_however_they_are_written():
    """`$name`, `${name}` and `${name:regex}` become values, and the intervals durations."""
    assert plain('label_replace(up, "a", "$1", "b", "(.*)")') == 'label_replace(up, "a", "$1", "b", "(.*)")'
    assert plain('a{b=~"$b",c=~"${c}",d=~"${d:regex}"}[$__rate_interval]', {"b": "x"}) == (
        'a{b=~"x",c=~".+",d=~".+"}[5m]'
    )
    assert asked_values('label_values(up{job="a"}, service)') == ('up{job="a"}', "service")
    assert asked_values("label_values(job)") == ("", "job")
    assert asked_values("metrics(.*)") is None


@pytest.fixture
def copied(tmp_path):
    """A copy of what is checked."""
    for name in ("alerts/generated", "dashboards/generated", "tests/alerts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alerts/runbook.md", tmp_path / "alerts/runbook.md")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "right", "wrong", "place"),
    [
        ("dashboards/generated/service.json", "serving:queue_requests{", "serving:queue{", "panel 'Queue', query A"),
        ("alerts/generated/requests.rules.yml", "serving:up == 0", "serving:upp == 0", "alert ServiceDown"),
        (
            "tests/alerts/batching.test.yml",
            "expr: serving:queue_requests",
            "expr: serving:queue",
            "test 'The recordings",
        ),
        ("alerts/runbook.md", "serving:replicas{", "serving:replica{", "line "),
    ],
)
def test_a_wrong_name_is_found_in_every_kind_of_file(file, right, wrong, place, copied):
    """The same mistake is told in a panel, a rule, a rule test and the runbook, with its place."""
    text = (copied / file).read_text()
    assert right in text
    (copied / file).write_text(text.replace(right, wrong, 1))
    told = [problem for problem in check(copied) if "declared nowhere" in problem.found]
    assert [str(problem.file) for problem in told] == [file]
    assert told[0].place.startswith(place)


@pytest.mark.skipif(promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus")
def test_promtool_has_its_say(copied):
    """A rule that only promtool refuses, and a function newer than this Prometheus, are told in its words."""
    rules = copied / "alerts/generated/batching.rules.yml"
    rules.write_text(rules.read_text().replace("for: 30s", "for: soon"))
    board = copied / "dashboards/generated/service.json"
    board.write_text(board.read_text().replace("sum (serving:up{", "sum_of (serving:up{"))
    told = "\n".join(map(str, check(copied)))
    assert "not a valid duration string" in told
    assert "sum_of" in told


def test_the_command_answers_in_json():
    """`check --json` is an object with the number of queries and the problems."""
    answer = CliRunner().invoke(command, ["--json"])
    said = json.loads(answer.output)
    assert answer.exit_code == 0
    assert said["problems"] == []
    assert said["queries"] == len(queries(ROOT))


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
