"""dashboards/slo.py: what is left of budgets, how fast it goes, and that nothing to judge by is no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.slo import ALERTS, PAGES, TICKETS
from dashboards.slo import UID
from tests.dashboards.asking import asked, board, drawn, needs_promtool

BOARD = board("slo")
PANELS = drawn(BOARD)
DAY = 86_400


def series(left: float, error: float) -> dict[str, str]:
    """One objective of which a thousandth may break, with this much budget left and this share broken in an hour."""
    key = '{service="s",slo="x"}'
    return {
        f"slo:period_error_budget_remaining:ratio{key}": f"{left}x20",
        f"slo:sli_error:ratio_rate1h{key}": f"{error}x20",
        f"slo:error_budget:ratio{key}": "0.001x20",
        f"slo:time_period:days{key}": "30x20",
    }


@needs_promtool
@pytest.mark.parametrize(
    ("left", "error", "seconds"),
    [(1, 0.001, 30 * DAY), (0.5, 0.01, 1.5 * DAY), (-1, 0.01, 0), (0, 0, 0), (1, 0, 7300 * DAY)],
    ids=["at pace", "ten times too fast", "spent", "spent and still", "not burning"],
)
def test_time_to_empty_is_what_is_left_at_the_pace_of_an_hour(
    tmp_path: Path, left: float, error: float, seconds: float
) -> None:
    """Half a budget that burns ten times too fast lasts a day and a half; what does not burn lasts for ever."""
    answer = asked(tmp_path, PANELS["Time to empty"]["targets"][0]["expr"], series(left, error), {"{}": seconds})
    assert answer.fine, answer.text


def test_for_ever_and_never_are_words() -> None:
    """Nothing left says `Spent`, and a time beyond ten years `Not burning`."""
    said = {
        (one["options"]["from"], one["options"]["to"]): one["options"]["result"]["text"]
        for one in PANELS["Time to empty"]["fieldConfig"]["defaults"]["mappings"]
    }
    assert said == {(None, 0): "Spent", (3650 * DAY, None): "Not burning"}


@needs_promtool
def test_a_missed_objective_is_counted_and_none_is_zero(tmp_path: Path) -> None:
    """A budget below 0 is a missed objective, one above is not; without any budget there is no number."""
    query = PANELS["Missed"]["targets"][0]["expr"]
    for found, wanted in ((series(-0.1, 0), {"{}": 1.0}), (series(0.1, 0), {"{}": 0.0}), ({"up": "1x20"}, {})):
        answer = asked(tmp_path, query, found, wanted)
        assert answer.fine, answer.text


@needs_promtool
def test_what_is_promised_and_not_measured_is_counted(tmp_path: Path) -> None:
    """A promise without a measure counts, one without traffic does not, one that is measured does not."""
    promised = {f'slo:objective:ratio{{service="s",slo="{name}"}}': "0.9x20" for name in ("blind", "quiet", "seen")}
    promised['slo:sli_total:rate5m{service="s",slo="quiet"}'] = "0x20"
    promised['slo:sli_error:ratio_rate5m{service="s",slo="seen"}'] = "0x20"
    answer = asked(tmp_path, PANELS["Unmeasured"]["targets"][0]["expr"], promised, {"{}": 1.0})
    assert answer.fine, answer.text


def test_lines_are_where_alerts_begin() -> None:
    """The chart of burn rates has a line at each factor of the alerts, and a query for each of their long windows."""
    panel = PANELS["Burn rate by window"]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, *sorted(factor for factor, _, _ in (*PAGES, *TICKETS))]
    windows = [target["legendFormat"].split()[-1] for target in panel["targets"]]
    assert windows == [window for _, _, window in (*PAGES, *TICKETS)]
    assert panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"] == "dashed"


@needs_promtool
def test_requests_that_failed_are_by_code_and_none_is_a_line_at_zero(tmp_path: Path) -> None:
    """With 5xx there is a line for each code; with traffic and never a 5xx one at 0; without traffic none at all."""
    query = PANELS["Failed requests by code"]["targets"][0]["expr"]
    fine, failed = (
        'serving:requests:rate5m{service="s",code="200"}',
        'serving:requests:rate5m{service="s",code="503"}',
    )
    none = {'{service="s",code="none"}': 0.0}
    cases = (
        ({fine: "5x20", failed: "2x20"}, {'{service="s",code="503"}': 2.0}),
        ({fine: "5x20"}, none),
        ({"up": "1x20"}, {}),
    )
    for found, wanted in cases:
        answer = asked(tmp_path, query, found, wanted)
        assert answer.fine, answer.text


def test_it_is_where_alerts_on_objectives_lead_to() -> None:
    """Their notifications open this dashboard with the service and the objective that burns."""
    for alert in ALERTS:
        url = alert.rule()["annotations"]["dashboard_url"]
        assert f"/d/{UID}?var-service={{{{ $labels.service | urlquery }}}}" in url
        assert url.endswith("&var-slo={{ $labels.slo | urlquery }}")
    assert [one["name"] for one in BOARD["templating"]["list"]] == ["datasource", "service", "slo"]
