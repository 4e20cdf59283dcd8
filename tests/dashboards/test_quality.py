"""dashboards/quality.py: what it says of drift, and that little data is told apart from no drift."""

from __future__ import annotations

import json

import pytest
import yaml

import dashboards
from alerts.drift import ALERTS
from alerts.drift.alarms import QUALITY_LIMIT
from alerts.drift.scores import MINIMUM_ROWS
from dashboards.quality import TOO_FEW, UID
from servewatch.check.sources import panels
from servewatch.check.texts import plain
from servewatch.stack import promtool

BOARD = json.loads(dashboards.DASHBOARDS["quality"])
PANELS = {panel["title"]: panel for panel in panels(BOARD) if panel["type"] != "row"}
CHOSEN = {"service": ".+", "model": ".+", "window": "1h", "feature": "a"}

needs_promtool = pytest.mark.skipif(
    promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus"
)


def key(feature, **more):
    named = {"service": "s", "model": "m", "model_version": "1", "reference": "r", "feature": feature, "role": "input"}
    return "{" + ", ".join(f'{label}="{value}"' for label, value in (named | more).items()) + "}"


def asked(folder, title, samples, wanted):
    """Run a panel's first query on recorded series: a score, or none, and the rows of features, by their name."""
    series = [{"series": 'drift:z_critical{service="s", window="1h"}', "values": "4x4"}]
    for feature, (score, rows) in samples.items():
        series.append({"series": f"drift:rows{key(feature, window='1h')}", "values": f"{rows}x4"})
        if score is not None:
            series.append({"series": f"drift:score{key(feature, window='1h')}", "values": f"{score}x4"})
    case = {"expr": plain(PANELS[title]["targets"][0]["expr"], CHOSEN), "eval_time": "3m", "exp_samples": wanted}
    test = {"interval": "1m", "input_series": series, "promql_expr_test": [case]}
    file = folder / "panel.test.yml"
    file.write_text(yaml.safe_dump({"rule_files": [], "evaluation_interval": "1m", "tests": [test]}))
    return promtool.run_tests(file)


def test_it_is_where_alerts_on_drift_link_to():
    """Its uid is the one in the notifications of the topic drift."""
    assert BOARD["uid"] == UID
    (alert,) = (alert for alert in ALERTS if alert.name == "DataDrift")
    assert f"/d/{UID}?var-service=" in alert.rule()["annotations"]["dashboard_url"]


@needs_promtool
def test_too_few_rows_are_a_state_of_their_own(tmp_path):
    """A feature is drifted above its limit, shifting above half of it, stable below; without a score it is neither."""
    samples = {"a": (8, 5000), "b": (3, 5000), "c": (-7, 5000), "d": (None, MINIMUM_ROWS - 1)}
    states = zip(samples, (2, 1, 0, -1), strict=True)
    wanted = [{"labels": key(feature, window="1h"), "value": value} for feature, value in states]
    answer = asked(tmp_path, "Drift state by feature", samples, wanted)
    assert answer.fine, answer.text
    words = PANELS["Drift state by feature"]["fieldConfig"]["defaults"]["mappings"][0]["options"]
    assert {value: shown["text"] for value, shown in words.items()} == {
        "2": "Drifted",
        "1": "Shifting",
        "0": "Stable",
        "-1": TOO_FEW,
    }


@needs_promtool
def test_no_feature_drifted_is_zero_and_few_rows_are_no_number(tmp_path):
    """With scores below their limit the stat says 0; where there are rows and no score it has no value, and says so."""
    one = [{"labels": "{}", "value": 0}]
    assert asked(tmp_path, "Features drifted", {"a": (1, 5000)}, one).fine
    assert asked(tmp_path, "Features drifted", {"a": (None, 50)}, []).fine
    assert PANELS["Features drifted"]["fieldConfig"]["defaults"]["noValue"] == TOO_FEW


def test_sample_sizes_stand_beside_the_scores():
    """The rows are a stat, a chart next to the charts of scores, and the first number of each feature's line."""
    assert {"Rows", "Rows behind the scores", "Labels"} <= PANELS.keys()
    beside = {
        title for title, panel in PANELS.items() if panel["gridPos"]["y"] == PANELS["PSI by feature"]["gridPos"]["y"]
    }
    assert beside == {"Score by feature", "PSI by feature", "Rows behind the scores"}
    columns = PANELS["Features"]["transformations"][1]["options"]["renameByName"]
    assert columns["Value #A"] == "Rows"


def test_limits_are_the_alerts_own():
    """Bad values are coloured from where DataQuality fires on, in the stat and in the table."""
    assert PANELS["Bad values"]["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]["value"] == QUALITY_LIMIT
    (missing,) = (o for o in PANELS["Features"]["fieldConfig"]["overrides"] if o["matcher"]["options"] == "Missing")
    colored = next(one["value"]["steps"] for one in missing["properties"] if one["id"] == "thresholds")
    assert colored[-1]["value"] == QUALITY_LIMIT


def test_one_feature_and_one_window_are_chosen_and_services_and_models_may_be_several():
    """Distributions are of one feature and all numbers of one window; they start at ones that services have."""
    variables = {one["name"]: one for one in BOARD["templating"]["list"]}
    assert [name for name, one in variables.items() if one["multi"]] == ["service", "model"]
    assert variables["window"]["current"]["value"] == "1h"
    assert "allValue" not in variables["feature"]
