"""dashboards/fleet.py: which service it is, and that nothing known is told apart from nothing wrong."""

from __future__ import annotations

from pathlib import Path

from alerts.requests import REQUEST_ERRORS_HIGH, REQUEST_LATENCY_HIGH
from dashboards import style
from dashboards.fleet import NOT_SCRAPED, UID
from tests.dashboards.asking import asked, board, drawn, needs_promtool

BOARD = board("fleet")
PANELS = drawn(BOARD)
ONE = {'serving:up{service="a"}': "1x20", 'serving:up{service="b"}': "1x20"}


def expr(title: str, at: int = 0) -> str:
    found: str = PANELS[title]["targets"][at]["expr"]
    return found


@needs_promtool
def test_no_service_down_is_zero_and_no_service_is_no_number(tmp_path: Path) -> None:
    """All up is 0, one down is 1; where Prometheus knows no service there is no value, and the panel says so."""
    one_down = ONE | {'serving:up{service="b"}': "0x20"}
    for series, wanted in ((ONE, {"{}": 0.0}), (one_down, {"{}": 1.0}), ({"other": "1x20"}, {})):
        answer = asked(tmp_path, expr("Services down"), series, wanted)
        assert answer.fine, answer.text
    assert PANELS["Services down"]["fieldConfig"]["defaults"]["noValue"] == NOT_SCRAPED


@needs_promtool
def test_a_service_is_up_degraded_or_down(tmp_path: Path) -> None:
    """With all replicas it is up, with some degraded, with none down: three values with a word and a colour each."""
    series = {f'serving:replicas{{service="{name}"}}': "2x20" for name in "abc"}
    series |= {f'serving:up{{service="{name}"}}': f"{up}x20" for name, up in zip("abc", (2, 1, 0), strict=True)}
    wanted = {'{service="a"}': 2.0, '{service="b"}': 1.0, '{service="c"}': 0.0}
    answer = asked(tmp_path, expr("Services over time"), series, wanted)
    assert answer.fine, answer.text
    words = PANELS["Services over time"]["fieldConfig"]["defaults"]["mappings"][0]["options"]
    assert {value: (shown["text"], shown["color"]) for value, shown in words.items()} == {
        "2": ("Up", style.OK),
        "1": ("Degraded", style.WARNING),
        "0": ("Down", style.BAD),
    }


@needs_promtool
def test_the_worst_service_is_shown(tmp_path: Path) -> None:
    """Of two services the stat of errors has the larger share, and the gauge of the budget what is left least."""
    errors = {f'serving:errors:ratio_rate1m{{service="{name}"}}': f"0.{at}x20" for at, name in enumerate("ab", 1)}
    left = {
        f'slo:period_error_budget_remaining:ratio{{service="{name}",slo="x"}}': f"{at}x20"
        for at, name in ((1, "a"), (-2, "b"))
    }
    assert asked(tmp_path, expr("Worst errors"), errors, {"{}": 0.2}).fine
    assert asked(tmp_path, expr("Least budget"), left, {"{}": -2}).fine


def test_a_line_of_the_table_leads_to_its_service() -> None:
    """The name of a service is a link to the Service dashboard that keeps the time."""
    for title in ("Services", "What runs", "Firing alerts"):
        links = [
            link["url"]
            for override in PANELS[title]["fieldConfig"]["overrides"]
            for one in override["properties"]
            if override["matcher"]["options"] == "Service" and one["id"] == "links"
            for link in one["value"]
        ]
        assert links == ["/d/servewatch-service?${__url_time_range}&var-service=${__value.raw}"], title


def test_limits_are_those_of_alerts() -> None:
    """Stats, charts and the table's columns turn red where the alert on the same number begins."""
    for title, alert in (
        ("Worst errors", REQUEST_ERRORS_HIGH),
        ("Error ratio by service", REQUEST_ERRORS_HIGH),
        ("Slowest p95", REQUEST_LATENCY_HIGH),
        ("p95 by service", REQUEST_LATENCY_HIGH),
    ):
        assert PANELS[title]["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == alert.threshold
    assert BOARD["uid"] == UID
