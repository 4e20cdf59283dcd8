"""servewatch/check/boards.py, vocabulary.py and sdk.py: what Grafana would silently take otherwise is told."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from servewatch.check import boards, sdk, vocabulary
from servewatch.check.sources import Source, ours
from servewatch.generate import ROOT

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
BOARD: dict[str, Any] = {
    "title": "B",
    "editable": False,
    "templating": {
        "list": [
            {"name": "datasource", "type": "datasource", "label": "Data source", "query": "prometheus"},
            {"name": "service", "type": "query", "definition": "label_values(up, service)", "refresh": 2},
        ]
    },
    "panels": [
        {
            "id": 1,
            "type": "timeseries",
            "title": "P",
            "description": "What it reads.",
            "datasource": SOURCE,
            "targets": [{"refId": "A", "datasource": SOURCE, "expr": "sum(rate(a_total[$__rate_interval]))"}],
            "fieldConfig": {"defaults": {"unit": "reqps", "color": {"mode": "palette-classic"}}, "overrides": []},
            "options": {"legend": {"calcs": ["max"]}},
        }
    ],
}


def source(board: dict[str, Any], folder: Path = Path()) -> Source:
    return Source(folder / "b.json", Path("b.json"), "dashboard", board)


def changed(path: str, value: Any) -> dict[str, Any]:
    board = copy.deepcopy(BOARD)
    *way, last = path.split("/")
    inner: Any = board
    for key in way:
        inner = inner[int(key)] if isinstance(inner, list) else inner[key]
    inner[last] = value
    return board


def test_a_dashboard_that_keeps_the_rules_is_left_alone():
    """The sample breaks no rule, and has no id that Grafana or the console does not know."""
    assert list(boards.linted(source(BOARD), Path())) == []
    assert list(vocabulary.unknown(source(BOARD), console=True)) == []


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("templating/list/0/name", "source", "template-datasource-rule"),
        ("templating/list/0/label", "Source", "template-datasource-rule"),
        ("templating/list/1/definition", "values of service", "template-label-promql-rule"),
        ("templating/list/1/refresh", 1, "template-on-time-change-reload-rule"),
        ("panels/0/datasource", {"type": "prometheus", "uid": "abc"}, "panel-datasource-rule"),
        ("panels/0/description", "", "panel-title-description-rule"),
        ("panels/0/fieldConfig", {"defaults": {}}, "panel-units-rule"),
        ("panels/0/targets", [], "panel-no-targets-rule"),
        ("panels/0/targets", [{"expr": "rate(a_total[5m])"}], "target-rate-interval-rule"),
        ("editable", True, "uneditable-dashboard"),
    ],
)
def test_each_rule_of_the_linter_is_broken_by_one_change(path, value, rule):
    """The rule is told by the linter's own name, and no other rule is."""
    (problem,) = boards.linted(source(changed(path, value)), Path())
    assert f"({rule})" in str(problem)


def test_an_exclusion_keeps_a_rule_silent_where_it_says(tmp_path):
    """A .lint file above the dashboard excludes a rule for all of it, or for the panels that it names."""
    board = changed("panels/0/targets", [{"expr": "rate(a_total[5m])"}])
    for entries, told in (("[{panel: P}]", 0), ("[{panel: Q}]", 1), ("[]", 0)):
        text = f"exclusions: {{target-rate-interval-rule: {{reason: r, entries: {entries}}}}}"
        (tmp_path / ".lint").write_text(text)
        assert len(list(boards.linted(source(board, tmp_path / "generated"), tmp_path))) == told


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("panels/0/type", "time-series", "no panel 'time-series'"),
        ("panels/0/fieldConfig/defaults/unit", "reqpss", "no unit 'reqpss'"),
        ("panels/0/options/legend/calcs", ["lastNonNull"], "no reducer 'lastNonNull'"),
        ("panels/0/fieldConfig/defaults/color", {"mode": "palette"}, "no colorMode 'palette'"),
        ("panels/0/fieldConfig/defaults/color", {"mode": "fixed", "fixedColor": "rod"}, "no color 'rod'"),
        ("panels/0/fieldConfig/overrides", [{"matcher": {"id": "byNam"}}], "no matcher 'byNam'"),
        ("panels/0/transformations", [{"id": "mergeX"}], "no transformation 'mergeX'"),
    ],
)
def test_an_id_that_grafana_does_not_know_is_told_with_one_that_it_does(path, value, said):
    """Neither Grafana nor its classes complain about these: they draw something else."""
    (problem,) = vocabulary.unknown(source(changed(path, value)), console=False)
    assert said in problem.found
    assert "of Grafana" in problem.expected


def test_units_of_ones_own_are_units():
    """Grafana takes a prefix or a suffix of one's own as a unit."""
    assert list(vocabulary.unknown(source(changed("panels/0/fieldConfig/defaults/unit", "suffix:x")), False)) == []


def test_what_the_console_cannot_draw_is_told_where_the_console_is_asked():
    """A panel that Grafana has and the console has not is a problem of our dashboards alone."""
    board = changed("panels/0/type", "flamegraph")
    (problem,) = vocabulary.unknown(source(board), console=True)
    assert "the console does not draw the panel 'flamegraph'" in problem.found
    assert list(vocabulary.unknown(source(board), console=False)) == []


@pytest.mark.skipif(not sdk.there(), reason="grafana-foundation-sdk is missing; run: make install")
def test_a_key_that_grafana_would_drop_is_told():
    """Read by Grafana's classes and written again, a misspelt option is lost, and its path is told."""
    (generated, *_) = [one for one in ours(ROOT) if one.kind == "dashboard"]
    assert list(sdk.dropped(generated)) == []
    board = json.loads(json.dumps(generated.content))
    at = next(at for at, panel in enumerate(board["panels"]) if panel["type"] == "timeseries")
    board["panels"][at]["options"]["legend"]["showlegend"] = True
    (problem,) = sdk.dropped(source(board))
    assert problem.place == f"/panels/{at}/options/legend/showlegend"


@pytest.mark.skipif(not sdk.there(), reason="grafana-foundation-sdk is missing; run: make install")
def test_a_dashboard_that_grafanas_classes_cannot_read_is_a_problem():
    """A data source that is a text, as in old dashboards, is told and not raised."""
    (problem,) = sdk.dropped(source(changed("panels/0/datasource", "prometheus")))
    assert "cannot read it" in problem.found
