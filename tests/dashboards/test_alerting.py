"""dashboards/alerting.py: what fires, and that silence is told apart from rules that do not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.rules import RUNBOOK
from dashboards import alerting, style
from tests.dashboards.asking import asked, needs_promtool

ALWAYS = 'ALERTS{alertname="Watchdog",alertstate="firing",severity="none"}'
PAGE = 'ALERTS{alertname="ServiceDown",alertstate="firing",severity="page",service="a"}'
OF_STACK = 'ALERTS{alertname="TargetDown",alertstate="firing",severity="page"}'
CHOSEN = alerting.OF_SERVICES_AND_STACK


@needs_promtool
@pytest.mark.parametrize(
    ("series", "wanted"),
    [([ALWAYS], {"{}": 0.0}), ([ALWAYS, PAGE], {"{}": 1.0}), ([ALWAYS, PAGE, OF_STACK], {"{}": 2.0}), (["up"], {})],
    ids=["none", "one", "the stack's too", "no rules"],
)
def test_none_is_zero_only_where_rules_run(tmp_path: Path, series: list[str], wanted: dict[str, float]) -> None:
    """Pages are counted, the stack's own too; where not even Watchdog fires there is no number, rather than 0."""
    shown = alerting.count("Pages", "page", style.BAD, CHOSEN)
    answer = asked(tmp_path, shown.targets[0].expr, dict.fromkeys(series, "1x20"), wanted, service="a")
    assert answer.fine, answer.text
    assert shown.defaults["noValue"] == alerting.SILENT


@needs_promtool
def test_the_table_tells_since_when(tmp_path: Path) -> None:
    """An alert that began 8 minutes ago has 480 seconds; one that is only pending is not in the table."""
    since = 'ALERTS_FOR_STATE{alertname="%s",severity="page",service="a"}'
    series = {PAGE: "1x20", since % "ServiceDown": "120x20", since % "Waiting": "120x20"}
    series['ALERTS{alertname="Waiting",alertstate="pending",severity="page",service="a"}'] = "1x20"
    shown = alerting.firing(CHOSEN, "board")
    wanted = {'{severity="page",alertname="ServiceDown",service="a"}': 480.0}
    answer = asked(tmp_path, shown.targets[0].expr, series, wanted)
    assert answer.fine, answer.text


def test_each_alert_leads_to_its_runbook() -> None:
    """The name of an alert is a link to its heading, and its severity has a colour that is the same everywhere."""
    overrides = {one["matcher"]["options"]: one["properties"] for one in alerting.firing(CHOSEN, "b").overrides}
    assert overrides["Alert"][0]["value"][0]["url"] == f"{RUNBOOK}#${{__value.raw}}"
    options = overrides["Severity"][0]["value"][0]["options"]
    assert (options["page"]["color"], options["ticket"]["color"]) == (style.BAD, style.WARNING)
