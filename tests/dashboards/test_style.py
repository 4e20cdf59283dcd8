"""dashboards/style.py: colours and words for values."""

from __future__ import annotations

import itertools

import pytest

from dashboards import style
from tests.dashboards.colours import SEEN, contrast, difference


def test_states_give_values_a_word_and_a_colour():
    """Each value is mapped to its word, in the order in which they are named."""
    (mapping,) = style.states(Up=(1, style.OK), Down=(0, style.BAD))
    assert mapping["options"]["1"] == {"text": "Up", "color": "green", "index": 0}
    assert mapping["options"]["0"] == {"text": "Down", "color": "red", "index": 1}


def test_colours_are_fixed_by_name_or_by_regular_expression():
    """A name between slashes is a regular expression, any other is the series' name."""
    first, second = style.colored({"/^5/": style.BAD, "idle": style.OK})
    assert first["matcher"] == {"id": "byRegexp", "options": "/^5/"}
    assert second["matcher"] == {"id": "byName", "options": "idle"}
    assert second["properties"] == [{"id": "color", "value": {"mode": "fixed", "fixedColor": "green"}}]


def test_ranges_of_values_have_words_and_steps_rise():
    """A range is open where it has no end; steps are in the order in which they are given."""
    spent, never = style.between((None, 0, "Spent", style.BAD), (9, None, "Never", style.OK))
    assert spent["options"] == {"from": None, "to": 0, "result": {"text": "Spent", "color": "red", "index": 0}}
    assert (never["type"], never["options"]["from"], never["options"]["to"]) == ("range", 9, None)
    assert style.rising((style.OK, None), (style.BAD, 2)) == style.steps(2)


@pytest.mark.parametrize("seen", SEEN)
def test_lines_of_one_chart_can_be_told_apart_by_everybody(seen):
    """Percentiles, and the mean beside what it meets, differ in hue or brightness in every kind of sight."""
    percentiles = itertools.combinations((style.P50, style.P95, style.P99, style.P999), 2)
    for one, other in (*percentiles, (style.MEAN, style.P99), (style.MEAN, style.TRAFFIC)):
        assert difference(one, other, seen) > 15, (one, other)


@pytest.mark.parametrize("color", [style.P50, style.P95, style.P99, style.P999, style.MEAN])
def test_lines_stand_out_from_the_paper_of_both_themes(color):
    """None of them fades into the dark panel or the white one."""
    assert min(contrast(color, "#181b1f"), contrast(color, "#ffffff")) > 1.9
