"""alerts/drift/decisions.py and the alerts on it: the limit follows what is watched, and notifications say how."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import pytest

from alerts.drift import ALERTS, RECORDINGS, rules
from alerts.drift.alarms import DROPPED_LIMIT, QUALITY_LIMIT
from alerts.drift.decisions import tests_a_month as chances
from alerts.windows import Windows
from benchmarks import drift_model
from monitoring.reference import Feature
from servewatch.stack import promtool
from tests.alerts.drift.promtool import WINDOWS, holds, reference

BY_NAME = {alert.name: alert for alert in ALERTS}


def test_a_feature_has_two_tests_at_each_look_of_each_window():
    """Bins and ranks, over two windows: an hour is new at each evaluation, a day 25 times."""
    assert chances(Windows(), "1h") == 2 * 2 * 30 * 24 * 12
    assert chances(Windows(), "1d") == 2 * 2 * 30 * 25


@pytest.mark.parametrize(("features", "pages"), [(1, 1.0), (50, 1.0), (50, 0.1), (200, 10.0)])
def test_more_features_or_fewer_false_alarms_raise_the_limit(features, pages):
    """The limit is the normal quantile that leaves as many false alarms a month, to a hundredth."""
    wanted = NormalDist().inv_cdf(1 - pages / (features * chances(Windows(), "1h")))
    assert drift_model.critical(features, "1h", Windows(false_pages=pages)) == pytest.approx(wanted)
    assert drift_model.critical(2 * features, "1h", Windows(false_pages=pages)) > wanted
    assert drift_model.critical(features, "1h", Windows(false_pages=pages / 10)) > wanted


@pytest.mark.skipif(promtool.find() is None, reason="promtool is missing; run: sudo apt-get install prometheus")
@pytest.mark.parametrize("number", [1, 40])
def test_the_limit_is_computed_from_the_number_of_references(number, tmp_path):
    """Prometheus's own arithmetic gives the quantile for one feature and for forty, to a thousandth."""
    features = [Feature(f"f{at}", "input", (0, 50, 50, 0, 0), edges=(0.0, 1.0, 2.0)) for at in range(number)]
    series = [one for feature in features for one in reference(feature, 40)]
    near = "abs(drift:z_critical{{window='{}'}} - {}) < bool 0.001"
    limits = {window: drift_model.critical(number, window, WINDOWS) for window in WINDOWS.windows}
    answer = holds(tmp_path, series, "9m", *(near.format(*limit) for limit in limits.items()))
    assert answer.fine, answer.text


def test_windows_of_one_fault_are_one_alert():
    """It shows in a short window first and in a long one last: who is told of it is told once, with the limits."""
    _, found = rules(replace(Windows(), windows=("10m", "1h", "1d")))
    for alert in found:
        assert "window" not in alert.expr.labels, alert.name
        if alert.name.endswith("Drift"):
            assert "drift:z_critical" in alert.description


def test_alerts_stand_in_the_group_of_what_they_read():
    """Evaluated apart from recordings of each five minutes, an alert would miss them for a moment and start again."""
    assert {alert.interval for alert in ALERTS} == {recording.interval for recording in RECORDINGS} == {"5m"}


def test_drift_wakes_nobody():
    """All alerts on drift are tickets: none says that somebody is served worse now."""
    assert {alert.severity for alert in ALERTS} == {"ticket"}
    assert BY_NAME["DataQuality"].threshold == QUALITY_LIMIT
    assert BY_NAME["DriftBlind"].threshold == DROPPED_LIMIT


def test_names_with_quotes_cannot_break_the_queries_of_a_notification():
    """Values of labels enter the looked-up queries quoted."""
    description = BY_NAME["PredictionDrift"].description
    assert "feature=%q" in description
    assert "{feature=" not in description.replace("%q", "")
