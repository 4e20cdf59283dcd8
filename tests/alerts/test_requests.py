"""alerts/requests.py and its fellow topics, run by promtool on series with known answers."""

from __future__ import annotations

import re
from dataclasses import fields
from inspect import signature
from pathlib import Path

import pytest
import yaml

import alerts
from servewatch.cli import COMMANDS
from servewatch.cli.demo import demo
from servewatch.cli.models import models
from servewatch.stack import promtool
from serving import batched
from serving.settings import Settings

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.test.yml"))
RUNBOOK = (Path(alerts.__file__).parent / "runbook.md").read_text()

needs_promtool = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)


def _asked() -> dict[str, list[list[object]]]:
    found: dict[str, list[list[object]]] = {alert.name: [] for alert in alerts.ALERTS}
    for file in FILES:
        for test in yaml.safe_load(file.read_text())["tests"]:
            for case in test.get("alert_rule_test", []):
                found[case["alertname"]].append(case["exp_alerts"])
    return found


@needs_promtool
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_rules_do_what_their_test_file_says(file):
    """promtool runs the generated rules on the file's series and gets the file's answers."""
    answer = promtool.run_tests(file)
    assert answer.fine, answer.text


@needs_promtool
def test_a_wrong_expectation_fails(tmp_path):
    """The promtool tests can fail: another expected value is noticed."""
    wrong = (HERE / "batching.test.yml").read_text().replace("value: 0.05", "value: 0.06")
    (tmp_path / "wrong.test.yml").write_text(wrong.replace("../../alerts", str(HERE.parent.parent / "alerts")))
    answer = promtool.run_tests(tmp_path / "wrong.test.yml")
    assert not answer.fine
    assert "serving:queue_seconds:mean5m" in answer.text


@pytest.mark.parametrize("alert", [one for one in alerts.ALERTS if one.severity == "none"], ids=lambda one: one.name)
def test_an_alert_that_always_fires_is_never_silent_in_a_test(alert):
    """Of what is for machines alone, no test expects silence."""
    assert _asked()[alert.name]
    assert all(_asked()[alert.name])


@pytest.mark.parametrize("alert", [one for one in alerts.ALERTS if one.severity != "none"], ids=lambda one: one.name)
def test_every_alert_has_a_test_of_either_kind(alert):
    """Each alert fires in one test and stays silent in one whose name says so."""
    assert any(_asked()[alert.name]), f"no test in which {alert.name} fires"
    silent = [
        test
        for file in FILES
        for test in yaml.safe_load(file.read_text())["tests"]
        if test["name"].startswith(f"{alert.name} is silent")
    ]
    assert silent, f"no test named '{alert.name} is silent ...'"
    for test in silent:
        own = [case["exp_alerts"] for case in test["alert_rule_test"] if case["alertname"] == alert.name]
        assert own
        assert not any(own)


@pytest.mark.parametrize("alert", alerts.ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_heading_in_the_runbook(alert):
    """The anchor of the alert's link is a heading, under the heading of the alert's topic."""
    topic = ""
    under: dict[str, str] = {}
    for level, title in re.findall(r"^(#+) (.+)$", RUNBOOK, re.MULTILINE):
        if level == "#":
            topic = title.lower()
        under[title.lower()] = topic
    assert under.get(alert.runbook.partition("#")[2]) == alert.topic


def test_the_runbook_has_no_heading_without_an_alert():
    """A heading of the second level is an alert that exists."""
    assert set(re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)) == {alert.name for alert in alerts.ALERTS}


def test_what_the_runbook_says_to_type_is_there():
    """Its commands are ours, its variables are settings, and its arguments are those of a service's declaration."""
    named = set(re.findall(r"\bservewatch ([a-z]+)(?: ([a-z]+))?", RUNBOOK))
    assert {"status", "up", "models", "demo"} <= {command for command, _ in named} <= COMMANDS.keys()
    assert {more for command, more in named if command == "models" and more} <= set(models.commands)
    assert {more for command, more in named if command == "demo" and more} <= set(demo.commands)
    variables = {name.lower() for name in re.findall(r"\bSERVEWATCH_(\w+)", RUNBOOK)}
    assert "max_queue_rows" in variables
    assert variables <= {option.name for option in fields(Settings)}
    assert set(re.findall(r"`(\w+)=`", RUNBOOK)) == {"threads", "max_rows"} & signature(batched).parameters.keys()


def test_the_runbook_reads_the_services_log_for_errors():
    """Whoever comes for failing requests is sent to the log, in both modes, before they are told what to do."""
    section = RUNBOOK.partition("## RequestErrorsHigh")[2].partition("\n## ")[0]
    looked = section.partition("**Fix.**")[0]
    assert "stack/logs/serving.log" in looked
    assert "docker compose logs" in looked


@pytest.mark.parametrize("recording", alerts.RECORDINGS, ids=lambda recording: recording.name)
def test_every_recording_has_a_tested_value(recording):
    """Each recorded series is asked for, with an expected value, in a promtool test."""
    asked = [
        case["expr"]
        for file in FILES
        for test in yaml.safe_load(file.read_text())["tests"]
        for case in test.get("promql_expr_test", [])
        if case["exp_samples"]
    ]
    pattern = re.compile(rf"(?<![\w:]){re.escape(recording.name)}(?![\w:])")
    assert any(pattern.search(expr) for expr in asked)
