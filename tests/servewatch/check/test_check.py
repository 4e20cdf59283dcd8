"""servewatch/check: everything of this checkout is fine, and a mistake anywhere in it is found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitoring.catalogue import batching, requests
from servewatch.check import check, check_folder, queries
from servewatch.cli.check import check as command
from servewatch.generate import ROOT
from servewatch.stack import promtool

KINDS = {"panel", "variable", "annotation", "rule", "test", "series", "alert", "runbook"}


def test_every_query_of_this_checkout_is_fine():
    """Panels, variables, annotations, rules, rule tests and the runbook read what is declared."""
    checked = check(ROOT)
    assert {query.kind for query in checked.queries} == KINDS
    assert checked.dashboards >= 1
    assert "\n".join(map(str, checked.problems)) == ""


def test_every_query_knows_its_line():
    """What a problem says can be clicked: in each file of each kind the line holds the query's beginning."""
    lines = {path: path.read_text().splitlines() for path in {ROOT / query.file for query in queries(ROOT)}}
    for query in queries(ROOT):
        if query.text:
            start = query.text.splitlines()[0].strip()
            there = lines[ROOT / query.file][query.line - 1].replace('\\"', '"').replace("''", "'")
            assert start[:40] in there, (query.file, query.line, start)


@pytest.fixture
def copied(tmp_path):
    """A copy of what is checked."""
    for name in ("alerts/generated", "dashboards/generated", "tests/alerts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alerts/runbook.md", tmp_path / "alerts/runbook.md")
    shutil.copy(ROOT / "dashboards/.lint", tmp_path / "dashboards/.lint")
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
    """The same mistake is told in a panel, a rule, a rule test and the runbook, with its line and place."""
    text = (copied / file).read_text()
    assert right in text
    line = text[: text.index(right)].count("\n") + 1
    (copied / file).write_text(text.replace(right, wrong, 1))
    told = [problem for problem in check(copied).problems if "declared nowhere" in problem.found]
    assert [str(problem.file) for problem in told] == [file]
    assert str(told[0]).startswith(f"{file}:{line}: {place}")


@pytest.mark.parametrize("metric", [requests.TOTAL, batching.QUEUE_REQUESTS], ids=lambda metric: metric.name)
def test_a_renamed_metric_is_told_wherever_its_old_name_stands(metric, copied):
    """With another name in the catalogue, every query that reads the old one is named, and no other."""
    for path in copied.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".yml", ".md"):
            path.write_text(path.read_text().replace(metric.name, f"{metric.name[:-6]}_other_total"))
    places = {(str(query.file), query.line) for query in queries(ROOT) if metric.name in query.text}
    told = [problem for problem in check(copied).problems if "is declared nowhere" in problem.found]
    assert len({file for file, _ in places}) >= 3
    assert {(str(problem.file), problem.line) for problem in told} == places


@pytest.mark.skipif(promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus")
def test_promtool_has_its_say(copied):
    """A rule that only promtool refuses, and a function newer than this Prometheus, are told in its words."""
    rules = copied / "alerts/generated/batching.rules.yml"
    rules.write_text(rules.read_text().replace("for: 30s", "for: soon"))
    board = copied / "dashboards/generated/service.json"
    board.write_text(board.read_text().replace("sum (serving:up{", "sum_of (serving:up{"))
    told = "\n".join(map(str, check(copied).problems))
    assert "not a valid duration string" in told
    assert "sum_of" in told


OWN_RULES = """groups:
  - name: shop
    rules:
      - record: shop:checkouts:rate5m
        expr: sum by (service) (serving:requests:rate5m{code="200"})
      - alert: ShopQuiet
        expr: shop:checkouts:rate5m < 1 and shop:baskets > 3
        annotations: {summary: "{{ $labels.service }} in {{ $labels.town }}"}
"""


def test_somebodys_own_rules_and_dashboards_are_checked(tmp_path):
    """What their rules record may be read; what nobody declares is told, unless it is said to be somebody else's."""
    (tmp_path / "shop.yml").write_text(OWN_RULES)
    (tmp_path / "notes.yml").write_text("groups: of people\n")
    (tmp_path / "broken.json").write_text("{")
    told = [str(problem) for problem in check_folder(tmp_path).problems]
    assert [line for line in told if "broken.json: the file: cannot be read" in line]
    assert [line for line in told if "shop.yml:7: alert ShopQuiet: 'shop:baskets' is declared nowhere" in line]
    (tmp_path / "broken.json").unlink()
    told = [str(problem) for problem in check_folder(tmp_path, foreign=["shop:b.*"]).problems]
    assert len(told) == 1
    assert "shows the label 'town'" in told[0]


OBJECTIVES = """shop:
  - availability 99.9%
  - name: checkouts
    objective: 99.5%
    errors: sum(rate(checkout_failures_total[$window]))
    total: sum(rate(servewatch_requests_total[$window]))
"""


def test_the_queries_of_an_objective_are_checked_before_it_is_blind(tmp_path):
    """In slos.yml a metric that nobody declares is told with its line, and so is an objective that cannot be kept."""
    (tmp_path / "slos.yml").write_text(OBJECTIVES)
    (told,) = map(str, check_folder(tmp_path).problems)
    assert f"{tmp_path}/slos.yml:5: errors of the objective 'checkouts' of shop: 'checkout_failures_total'" in told
    (tmp_path / "slos.yml").write_text("shop: [availability 100%]\n")
    (told,) = map(str, check_folder(tmp_path / "slos.yml").problems)
    assert "leaves no budget" in told


def test_the_command_takes_a_path_and_tells_like_a_compiler(tmp_path):
    """`servewatch check PATH` exits with 1 and shows the line with a caret; a fine folder exits with 0."""
    (tmp_path / "shop.yml").write_text(OWN_RULES)
    answer = CliRunner().invoke(command, [str(tmp_path), "--foreign", "shop:b.*"])
    assert answer.exit_code == 1
    assert f"{tmp_path}/shop.yml:7: alert ShopQuiet: the text around it shows the label 'town'" in answer.output
    (tmp_path / "shop.yml").write_text(OWN_RULES.replace(" in {{ $labels.town }}", ""))
    answer = CliRunner().invoke(command, [str(tmp_path), "--foreign", "shop:b.*"])
    assert (answer.exit_code, " 0 problems" in answer.output) == (0, True)


BOARD = {
    "title": "Baskets",
    "panels": [{"id": 1, "type": "stat", "title": "Now", "targets": [{"refId": "A", "expr": "sum(up"}]}],
}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing; run: apt-get install prometheus")
def test_what_nobody_can_read_is_told_once(tmp_path):
    """A query that does not parse is one problem with its place, in a dashboard and in rules: promtool adds none."""
    (tmp_path / "board.json").write_text(json.dumps(BOARD))
    (tmp_path / "shop.yml").write_text("groups: [{name: shop, rules: [{record: a, expr: 'sum(('}]}]\n")
    found = [problem for problem in check_folder(tmp_path).problems if "-rule)" not in problem.found]
    told = [str(problem) for problem in found if "uneditable" not in problem.found]
    places = sorted(line.split(": this is not PromQL")[0].removeprefix(f"{tmp_path}/") for line in told)
    assert places == ["board.json:1: panel 'Now', query A", "shop.yml:1: recording a"]


def test_rules_that_may_be_excluded_are_told_how(tmp_path):
    """Whoever reads of a rule of dashboard-linter reads where to exclude it; where no such rule speaks nobody does."""
    (tmp_path / "board.json").write_text(json.dumps(BOARD))
    assert "a file .lint beside the dashboards" in CliRunner().invoke(command, [str(tmp_path)]).output
    (tmp_path / "board.json").unlink()
    (tmp_path / "shop.yml").write_text(OWN_RULES)
    assert ".lint" not in CliRunner().invoke(command, [str(tmp_path)]).output


def test_a_folder_without_anything_to_check_is_wrong_usage(tmp_path):
    """Nothing found is not the same as nothing wrong."""
    (tmp_path / "notes.txt").write_text("sum(up)")
    answer = CliRunner().invoke(command, [str(tmp_path)])
    assert answer.exit_code == 2
    assert "holds no dashboard (*.json)" in answer.output
    (tmp_path / "slos.yml").write_text("shop: [availability 99%]\n")
    assert CliRunner().invoke(command, [str(tmp_path)]).exit_code == 0


def test_the_command_answers_in_json():
    """`check --json` is an object with the number of queries, what was used to check, and the problems."""
    answer = CliRunner().invoke(command, ["--json"])
    said = json.loads(answer.output)
    assert answer.exit_code == 0
    assert said["problems"] == []
    assert said["queries"] == len(queries(ROOT))
    assert set(said["tools"]) == {"promtool", "grafana-foundation-sdk"}


def test_a_path_that_is_not_there_is_wrong_usage():
    """A mistyped path exits with 2, and does not check something else."""
    answer = CliRunner().invoke(command, [str(Path("/nowhere/at/all"))])
    assert answer.exit_code == 2
    assert "does not exist" in answer.output
