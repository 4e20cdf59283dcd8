"""alerts/rules.py: recordings and alerts as data, and as Prometheus reads them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

import alerts
from alerts.promql import Expr, QueryInvalid, select
from alerts.requests import REQUEST_ERRORS_HIGH, UP
from alerts.rules import HEADER, Recording, groups, rules_file, to_yaml
from alerts.values import WRITTEN, decimals, percent
from dashboards.service import UID
from servewatch.stack import promtool

README = Path(alerts.__file__).parent / "README.md"


def test_an_alert_links_to_its_own_heading():
    """The runbook link is the runbook's address and the alert's name in small letters."""
    assert REQUEST_ERRORS_HIGH.runbook.endswith("/alerts/runbook.md#requesterrorshigh")
    assert REQUEST_ERRORS_HIGH.rule()["annotations"]["runbook_url"] == REQUEST_ERRORS_HIGH.runbook


def test_an_alert_links_to_its_services_dashboard():
    """The link ends in the Service dashboard's own uid and chooses the service, whatever its name holds."""
    link = REQUEST_ERRORS_HIGH.rule()["annotations"]["dashboard_url"]
    assert link.endswith(f"/d/{UID}?var-service={{{{ $labels.service | urlquery }}}}")


def test_a_value_and_its_limit_are_fields_in_the_same_digits():
    """Programs need not read them out of a sentence; what has no value, or no single limit, has no such field."""
    seconds = replace(REQUEST_ERRORS_HIGH, summary=f"took {WRITTEN}", threshold=2, value=decimals(1, "s"))
    assert seconds.rule()["annotations"]["summary"] == 'took {{ $value | printf "%.1f" }} s'
    assert seconds.measured == {"value": '{{ $value | printf "%.1f" }} s', "threshold": '{{ 2.0 | printf "%.1f" }} s'}
    assert [*replace(seconds, value=percent(limited=False)).measured] == ["value"]
    found = {alert.name: alert.measured for alert in alerts.ALERTS}
    assert found["RequestErrorsHigh"] == {
        "value": "{{ $value | humanizePercentage }}",
        "threshold": "{{ 0.05 | humanizePercentage }}",
    }
    assert found["ServiceDown"] == {}
    assert [*found["AccuracyLow"], *found["SLOBudgetBurnsFast"]] == ["value", "value"]
    assert REQUEST_ERRORS_HIGH.rule()["annotations"].items() >= found["RequestErrorsHigh"].items()


def test_a_limit_is_told_where_the_value_is_held_against_it():
    """The expression of each alert that tells a limit compares with that number, and its sentence tells the value."""
    for alert in alerts.ALERTS:
        limit = re.escape(f"{alert.threshold:.15g}")
        if "threshold" in alert.measured:
            assert re.search(rf"[<>]=? {limit}(?![\d.])", str(alert.expr)), alert.name
        assert (WRITTEN in alert.summary) == ("value" in alert.measured), alert.name
        assert "$value" not in alert.summary.replace(WRITTEN, ""), alert.name


@pytest.mark.skipif(promtool.find() is None, reason="promtool is not on PATH")
@pytest.mark.parametrize(
    ("name", "value", "threshold"),
    [
        ("RequestErrorsHigh", "25%", "5%"),
        ("QueueGrowing", "0 requests", "50 requests"),
        ("RequestLatencyHigh", "0.250 s", "0.500 s"),
    ],
)
def test_prometheus_fills_in_a_value_and_its_limit(name, value, threshold, tmp_path):
    """Of a quarter, promtool makes the value and the limit, both in the digits of the alert's summary."""
    (measured,) = [alert.measured for alert in alerts.ALERTS if alert.name == name]
    rule = {"alert": "Quarter", "expr": "vector(0.25)", "annotations": measured}
    expected = {"alertname": "Quarter", "eval_time": "1m"}
    expected |= {"exp_alerts": [{"exp_annotations": {"value": value, "threshold": threshold}}]}
    (tmp_path / "rules.yml").write_text(to_yaml({"groups": [{"name": "g", "rules": [rule]}]}))
    file, test = tmp_path / "test.yml", {"interval": "1m", "alert_rule_test": [expected]}
    file.write_text(to_yaml({"rule_files": ["rules.yml"], "tests": [test]}))
    answer = promtool.run_tests(file)
    assert answer.fine, answer.text


def test_texts_are_as_true_once_an_alert_is_over():
    """A resolved notification repeats an alert's last texts: none speaks in the present, nor says a number twice."""
    for alert in alerts.ALERTS:
        assert not re.search(r"\b(is|are|has|fails|takes|sheds)", alert.summary), alert.name
        assert "$value" not in alert.description, alert.name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "request-errors"}, "letters and digits"),
        ({"expr": Expr("vector(1)", ())}, "no label 'service'"),
        ({"summary": "{{ $labels.runner }} fails"}, "speaks of the label 'runner'"),
        ({"value": None}, "tells its value and not how"),
    ],
)
def test_an_alert_that_would_mislead_is_refused(change, said):
    """A name without an anchor, a lost service and a label that is dropped each raise, and say so."""
    with pytest.raises(QueryInvalid, match=said):
        replace(REQUEST_ERRORS_HIGH, **change)


def test_a_recording_without_colons_is_refused():
    """A recording cannot be named like a scraped metric."""
    with pytest.raises(QueryInvalid, match="has colons"):
        Recording("requests_rate5m", Expr("up"), "requests", "help")


def test_slow_recordings_have_a_group_of_their_own():
    """Recordings with an interval are evaluated at that interval; alerts come after what they read."""
    slow = replace(UP, name="serving:up:slow", interval="30s")
    found = groups("requests", [UP, slow], [REQUEST_ERRORS_HIGH])["groups"]
    assert [group.get("interval") for group in found] == [None, "30s"]
    assert [rule.get("record", rule.get("alert")) for rule in found[0]["rules"]] == ["serving:up", "RequestErrorsHigh"]


def test_a_rule_file_says_that_it_is_generated_and_holds_its_topic():
    """The first line names the source, and the rules are those of the topic alone."""
    text = rules_file("batching", alerts.RECORDINGS, alerts.ALERTS)
    assert text.splitlines()[0] == HEADER.format(source="alerts/batching.py")
    named = [rule.get("alert") for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]
    assert [name for name in named if name] == [a.name for a in alerts.ALERTS if a.topic == "batching"]


def test_yaml_reads_back_as_it_was():
    """Long, many-lined and odd texts survive the rendering."""
    document = {"a": "x" * 300, "b": "one\ntwo", "c": ["{{ $value }}: 5%", "on", "1"], "d": str(select(UP))}
    assert yaml.safe_load(to_yaml(document)) == document


def test_names_are_unique_and_each_recording_reads_only_earlier_ones():
    """No name is declared twice with the same labels, and in a group what is read is recorded before it."""
    names = [recording.name for recording in alerts.RECORDINGS]
    labelled = {(recording.name, *sorted(recording.labels.items())) for recording in alerts.RECORDINGS}
    assert len(labelled) == len(names)
    assert len({alert.name for alert in alerts.ALERTS}) == len(alerts.ALERTS)
    for at, recording in enumerate(alerts.RECORDINGS):
        later = [
            name
            for name in names[at:]
            if name not in names[:at] and (f"{name}{{" in recording.expr or f"({name})" in recording.expr)
        ]
        assert later == []


def test_the_readmes_alert_is_one_that_can_be_declared():
    """What alerts/README.md shows as an alert is one, in the file of its topic, with its threshold in its query."""
    (shown,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names = dict(vars(alerts.batching))
    exec(compile(shown, "README.md", "exec"), names)
    made = names["QUEUE_LONG"]
    assert made.rule()["expr"] == f"serving:queue_requests > {made.threshold}"
    assert made.expr.labels == {"service"}
