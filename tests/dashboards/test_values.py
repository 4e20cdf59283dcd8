"""dashboards/values.py: bars, pies, tables of numbers and words, as Grafana reads them."""

from __future__ import annotations

from dashboards import style, values


def test_bars_are_of_this_moment_and_say_what_absence_means():
    """A bar gauge asks for now, ends where it is told to, and stands or lies."""
    made = values.bars("b", "Bars.", "up", "percentunit", "{{job}}", "Nothing", most=2, upright=True)
    assert made.targets[0].to_json_data()["instant"]
    assert (made.defaults["max"], made.defaults["noValue"]) == (2, "Nothing")
    assert made.options["orientation"] == "vertical"
    lying = values.bars("b", "Bars.", "up", "none", "{{job}}", "Nothing", thresholds=style.steps(3))
    assert lying.options["orientation"] == "horizontal"
    assert lying.defaults["thresholds"]["steps"] == style.steps(3)


def test_numbers_are_one_row_for_each_set_of_labels():
    """Each query is a column, named, with its own unit; labels come first, and time is left out."""
    columns = [values.Column("Rows", "a", decimals=0), values.Column("Missing", "b", "percentunit", 1)]
    made = values.numbers("t", "Numbers.", {"job": "Job"}, columns, "None")
    organize = made.transformations[1]["options"]
    assert [one["id"] for one in made.transformations] == ["merge", "organize"]
    assert organize["renameByName"] == {"job": "Job", "Value #A": "Rows", "Value #B": "Missing"}
    assert organize["indexByName"] == {"job": 0, "Value #A": 1, "Value #B": 2}
    assert organize["excludeByName"] == {"Time": True}
    assert made.overrides[1]["properties"][:2] == [
        {"id": "unit", "value": "percentunit"},
        {"id": "decimals", "value": 1},
    ]


def test_pies_and_words_have_their_type():
    """A pie shows percent beside its names; words are Markdown and ask nothing."""
    pie = values.pie("p", "Shares.", "up", "{{job}}", "None")
    assert (pie.kind, pie.options["legend"]["values"]) == ("piechart", ["percent"])
    words = values.text("w", "**Read** this.")
    assert (words.kind, words.targets, words.options["content"]) == ("text", [], "**Read** this.")


def test_a_gauge_is_a_share_of_a_whole():
    """It reaches from 0 to 1, asks for now, and has the steps that it is given."""
    made = values.gauge("g", "Left.", "left", "percentunit", "Nothing", style.BUDGET, "/d/x")
    assert (made.kind, made.defaults["min"], made.defaults["max"]) == ("gauge", 0, 1)
    assert made.targets[0].to_json_data()["instant"]
    assert made.defaults["thresholds"]["steps"] == style.BUDGET
    assert made.defaults["links"][0]["url"] == "/d/x"


def test_a_single_number_has_the_name_that_grafana_gives_it():
    """With one query the column of values is called `Value`, with several `Value #A` and on."""
    made = values.numbers("t", "Numbers.", {"job": "Job"}, [values.Column("Rows", "a")], "None")
    assert made.transformations[1]["options"]["renameByName"] == {"job": "Job", "Value": "Rows"}


def test_cells_lead_somewhere_have_words_and_bars():
    """Columns of labels take links and mapped words; a column that is full somewhere is a bar."""
    column = values.Column("Left", "a", "percentunit", 1, tuple(style.BUDGET), full=1)
    cells = [values.linked("Job", "/d/x", "Look"), values.worded("Job", style.states(Up=(1, style.OK)))]
    bar, linked, worded = values.numbers("t", "N.", {"job": "Job"}, [column], "None", cells=cells).overrides
    found = {one["id"]: one["value"] for one in bar["properties"]}
    assert found["custom.cellOptions"] == {"type": "gauge", "mode": "basic"}
    assert (found["min"], found["max"]) == (0, 1)
    assert linked["properties"] == [{"id": "links", "value": [{"title": "Look", "url": "/d/x"}]}]
    assert worded["properties"][1]["value"] == {"type": "color-text"}
