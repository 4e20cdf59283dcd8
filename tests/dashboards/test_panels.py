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


def test_a_line_fills_the_width_also_where_its_panels_do_not_divide_it():
    """Seven panels in 24 columns are three or four columns wide, without a gap and up to the edge."""
    board = _board([("Row", 4, [[_chart(str(at)) for at in range(7)]])])
    places = [(panel["gridPos"]["x"], panel["gridPos"]["w"]) for panel in board["panels"][1:]]
    assert {width for _, width in places} == {3, 4}
    assert [left + width for left, width in places] == [*(left for left, _ in places[1:]), 24]


def test_a_folded_row_holds_its_panels_inside_itself():
    """Its panels are in the row and not beside it, numbered with the others; the row after it lies below them."""
    rows = [("Folded", 8, [[_chart("a")]]), ("Open", 8, [[_chart("b")]])]
    board = json.loads(panels.board("servewatch-x", "X", "Described.", [], [], [], rows, folded=["Folded"]))
    folded, opened, chart = board["panels"]
    assert (folded["collapsed"], opened["collapsed"], chart["title"]) == (True, False, "b")
    assert [inner["title"] for inner in folded["panels"]] == ["a"]
    assert len({folded["id"], folded["panels"][0]["id"], opened["id"], chart["id"]}) == 4
    assert opened["gridPos"]["y"] == folded["panels"][0]["gridPos"]["y"] + 8


def test_lines_absence_and_single_requests_are_told_where_they_are_asked_for():
    """Several lines are dashed like one; what to say without data is the panel's; a query may ask for exemplars."""
    lines = style.rising((style.OK, None), (style.WARNING, 1), (style.BAD, 6))
    asked = [panels.query("up", exemplar=True), panels.query("up")]
    chart = panels.timeseries("a", "Lines.", asked, "s", marked=lines, absent="No traffic")
    board = _board([("Row", 8, [[chart]])])
    drawn = board["panels"][1]
    assert drawn["fieldConfig"]["defaults"]["thresholds"]["steps"] == lines
    assert drawn["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "dashed"}
    assert drawn["fieldConfig"]["defaults"]["noValue"] == "No traffic"
    assert [target.get("exemplar", False) for target in drawn["targets"]] == [True, False]


def test_a_stat_may_lead_somewhere_and_have_words():
    """A click on it opens what it leads to; its values may be words with a colour."""
    words = style.states(Up=(1, style.OK))
    made = panels.stat("s", "Now.", "up", "none", mappings=words, leads="/d/x").defaults
    assert made["links"] == [{"title": "Look closer", "url": "/d/x"}]
    assert made["mappings"] == words
    assert not {"links", "mappings"} & panels.stat("s", "Now.", "up", "none").defaults.keys()
