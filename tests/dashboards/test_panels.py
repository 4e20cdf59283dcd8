"""dashboards/panels.py: panels in today's shape, placed in a grid."""

from __future__ import annotations

import json

from dashboards import panels, style


def _board(rows):
    return json.loads(panels.board("servewatch-x", "X", "Described.", [], [], [], rows))


def _chart(title: str) -> panels.Modern:
    return panels.timeseries(title, "A line.", [panels.query("up", "{{job}}"), panels.query("1")], "s")


def test_lines_of_a_row_share_the_width_and_follow_each_other():
    """Panels of a line stand side by side in equal widths, lines below each other, rows after that."""
    board = _board([("One", 8, [[_chart("a"), _chart("b")], [_chart("c")]]), ("Two", 4, [[_chart("d")]])])
    placed = {panel["title"]: tuple(panel["gridPos"][side] for side in "xywh") for panel in board["panels"]}
    assert placed == {
        "One": (0, 0, 24, 1),
        "a": (0, 1, 12, 8),
        "b": (12, 1, 12, 8),
        "c": (0, 9, 24, 8),
        "Two": (0, 17, 24, 1),
        "d": (0, 18, 24, 4),
    }
    assert [panel["id"] for panel in board["panels"]] == [1, 2, 3, 4, 5, 6]


def test_a_panel_with_a_larger_share_is_wider():
    """A table of share 2 beside two charts takes half of the line, and nothing overlaps."""
    wide = panels.table("t", "Rows.", "up", {"job": "Job"}, "None", share=2)
    board = _board([("One", 8, [[wide, _chart("a"), _chart("b")]])])
    assert [(panel["gridPos"]["x"], panel["gridPos"]["w"]) for panel in board["panels"][1:]] == [
        (0, 12),
        (12, 6),
        (18, 6),
    ]


def test_queries_are_lettered_and_ranges_unless_instant():
    """The queries of a panel are A, B and on; a table asks for one moment."""
    board = _board([("Row", 8, [[_chart("a"), panels.table("t", "Rows.", "up", {"job": "Job"}, "None")]])])
    chart, table = board["panels"][1:]
    assert [(target["refId"], target["range"]) for target in chart["targets"]] == [("A", True), ("B", True)]
    assert table["targets"][0]["instant"]
    assert table["targets"][0]["format"] == "table"
    assert table["transformations"][0]["options"]["renameByName"] == {"job": "Job"}


def test_nothing_of_grafanalibs_older_shapes_is_left():
    """No null but the base threshold's, and none of the keys that today's Grafana ignores."""
    board = _board([("Row", 8, [[_chart("a"), panels.stat("s", "Now.", "up", "none", thresholds=style.steps(1.5))]])])
    text = json.dumps(board)
    assert text.count("null") == text.count('"value": null') == 2
    for dead in ("intervalFactor", "maxDataPoints", "sharedCrosshair", "hideControls", "gnetId", "rows"):
        assert f'"{dead}"' not in text


def test_a_limit_is_a_dashed_red_line():
    """With a limit the chart turns red from it on and shows where it is; without one it shows nothing."""
    limited = panels.timeseries("a", "A line.", [panels.query("up")], "s", limit=0.5).defaults
    assert limited["thresholds"]["steps"] == [{"color": "green", "value": None}, {"color": "red", "value": 0.5}]
    assert limited["custom"]["thresholdsStyle"] == {"mode": "dashed"}
    assert _chart("b").defaults["custom"]["thresholdsStyle"] == {"mode": "off"}
