"""dashboards/stack.py: that what watches works is seen, and its limits are those of the stack's alerts."""

from __future__ import annotations

from pathlib import Path

from alerts import stack as rules
from dashboards.stack import NOT_SCRAPED, UID
from tests.dashboards.asking import asked, board, drawn, needs_promtool

BOARD = board("stack")
PANELS = drawn(BOARD)
ALL = {"job": ".+", "instance": ".+"}


def expr(title: str) -> str:
    found: str = PANELS[title]["targets"][0]["expr"]
    return found


@needs_promtool
def test_a_target_that_is_down_is_counted_and_none_is_zero(tmp_path: Path) -> None:
    """One of two targets down is 1, none 0; where nothing is scraped there is no number."""
    up = {f'up{{job="{job}",instance="{job}:1"}}': "1x20" for job in ("serving", "alertmanager")}
    one_down = up | {'up{job="serving",instance="serving:1"}': "0x20"}
    for series, wanted in ((up, {"{}": 0.0}), (one_down, {"{}": 1.0}), ({"other": "1x20"}, {})):
        answer = asked(tmp_path, expr("Targets down"), series, wanted, **ALL)
        assert answer.fine, answer.text
    assert PANELS["Targets down"]["fieldConfig"]["defaults"]["noValue"] == NOT_SCRAPED


@needs_promtool
def test_a_configuration_that_was_refused_by_either_shows(tmp_path: Path) -> None:
    """Prometheus and Alertmanager are one stat: both read is 1, one refused is 0, and both have words."""
    for read in (1, 0):
        series = {
            'prometheus_config_last_reload_successful{job="prometheus"}': "1x20",
            'alertmanager_config_last_reload_successful{job="alertmanager"}': f"{read}x20",
        }
        answer = asked(tmp_path, expr("Configuration"), series, {"{}": float(read)})
        assert answer.fine, answer.text
    words = PANELS["Configuration"]["fieldConfig"]["defaults"]["mappings"][0]["options"]
    assert {value: shown["text"] for value, shown in words.items()} == {"1": "Read", "0": "Refused"}


@needs_promtool
def test_rules_that_do_not_run_have_no_number(tmp_path: Path) -> None:
    """With Watchdog firing rules run; without it there is no value, and the panel says that they do not."""
    always = 'ALERTS{alertname="Watchdog",alertstate="firing",severity="none"}'
    assert asked(tmp_path, expr("Rules"), {always: "1x20"}, {"{}": 1.0}).fine
    assert asked(tmp_path, expr("Rules"), {"up": "1x20"}, {}).fine
    assert PANELS["Rules"]["fieldConfig"]["defaults"]["noValue"] == "Do not run"


@needs_promtool
def test_the_time_of_rules_is_a_share_of_their_interval(tmp_path: Path) -> None:
    """A group of 5 s that took 1 s has used a fifth; groups are named without the path of their file."""
    group = '{rule_group="/etc/rules/slo.rules.yml;servewatch-slo-30s"}'
    series = {
        f"prometheus_rule_group_last_duration_seconds{group}": "1x20",
        f"prometheus_rule_group_interval_seconds{group}": "5x20",
    }
    answer = asked(tmp_path, expr("Time of rules"), series, {'{group="slo-30s"}': 0.2})
    assert answer.fine, answer.text


def test_limits_are_those_of_alerts() -> None:
    """The dashed lines are the thresholds of the alerts on slow scrapes, many series and failed notifications."""
    for title, alert in (
        ("Duration of scrapes", rules.SCRAPES_SLOW),
        ("Series of a scrape", rules.SERIES_NEAR_LIMIT),
        ("Notifications that failed", rules.NOTIFICATIONS_FAIL),
    ):
        defaults = PANELS[title]["fieldConfig"]["defaults"]
        assert defaults["thresholds"]["steps"][-1]["value"] == alert.threshold
        assert defaults["custom"]["thresholdsStyle"]["mode"] == "dashed"
        assert alert.name in PANELS[title]["description"]


def test_every_alert_on_the_stack_leads_here() -> None:
    """The notification of each of the stack's alerts opens this dashboard."""
    for alert in rules.ALERTS:
        assert alert.rule()["annotations"]["dashboard_url"].endswith(f"/d/{UID}")
