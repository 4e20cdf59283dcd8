"""dashboards/marks.py: what is marked on charts, in the colours that it has everywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards import marks, style
from tests.dashboards.asking import asked, board, needs_promtool


@needs_promtool
def test_a_model_that_came_is_marked_for_a_minute(tmp_path: Path) -> None:
    """The version that is new has a mark while it is new; one that was there before has none."""
    info = 'servewatch_model_info{service="s",model="m",model_version="%s"}'
    series = {info % "1": "1x20", info % "2": "_x9 1x10"}
    loaded = marks.of_services()[0]["expr"]
    answer = asked(tmp_path, loaded, series, {'{service="s",model="m",model_version="2"}': 1.0}, at="9m")
    assert answer.fine, answer.text
    assert asked(tmp_path, loaded, series, {}, at="12m").fine


@needs_promtool
def test_drift_is_marked_apart_from_other_alerts(tmp_path: Path) -> None:
    """DataDrift is an orange mark and no red one, ServiceDown a red one and no orange one."""
    alert = 'ALERTS{alertname="%s",alertstate="firing",severity="page",service="s"}'
    series = {alert % "DataDrift": "1x20", alert % "ServiceDown": "1x20"}
    _, red, orange = marks.of_services()
    assert (red["iconColor"], orange["iconColor"]) == (style.BAD, style.WARNING)
    assert asked(tmp_path, red["expr"], series, {alert % "ServiceDown": 1.0}).fine
    assert asked(tmp_path, orange["expr"], series, {alert % "DataDrift": 1.0}).fine


@needs_promtool
def test_a_program_that_started_again_is_marked(tmp_path: Path) -> None:
    """The stack's mark stands where the time of a program's start changed in the last two minutes."""
    series = {'process_start_time_seconds{job="prometheus",instance="p"}': "100x9 700x10"}
    started = marks.of_the_stack()[0]["expr"]
    assert asked(tmp_path, started, series, {'{job="prometheus",instance="p"}': 1.0}, at="10m").fine
    assert asked(tmp_path, started, series, {}, at="15m").fine


@needs_promtool
def test_a_services_alert_is_no_mark_of_the_stack(tmp_path: Path) -> None:
    """Stack health marks what its own row of alerts shows: those that are about no service."""
    ours, other = 'ALERTS{alertname="RuleFailures",alertstate="firing",severity="page"}', "DataDrift"
    series = {ours: "1x20", f'ALERTS{{alertname="{other}",alertstate="firing",severity="ticket",service="s"}}': "1x20"}
    assert asked(tmp_path, marks.of_the_stack()[1]["expr"], series, {ours: 1.0}).fine


@pytest.mark.parametrize("name", ["fleet", "service", "quality", "slo", "stack"])
def test_every_dashboard_marks_alerts_in_red(name: str) -> None:
    """Alerts are an annotation of each dashboard, switched on."""
    (found,) = [one for one in board(name)["annotations"]["list"] if one["name"] == "Alerts"]
    assert found["enable"]
    assert found["iconColor"] == style.BAD
