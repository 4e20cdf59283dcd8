"""alerts/algebra.py: formulas become PromQL whose sides match."""

from __future__ import annotations

import promql_parser
import pytest

from alerts.algebra import Vector, before, by, call, larger, of, over
from alerts.drift.series import BIN_COUNT, FEATURE, REFERENCE_RATIO, ROWS, SCORE, WINDOWED, Z_CRITICAL
from alerts.promql import QueryInvalid
from monitoring.catalogue import drift, requests

X, Y = Vector("x", frozenset({"a"})), Vector("y", frozenset({"a"}))
FINE = Vector("fine", frozenset({"a", "b"}))
OTHER = Vector("other", frozenset({"c"}))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        (X + Y * 2, "x + (y * 2)"),
        ((X + Y) * 2, "(x + y) * 2"),
        (X - (Y - 1), "x - (y - 1)"),
        (1 - X, "1 - x"),
        (2 / X**0.5, "2 / (x ^ 0.5)"),
        (1e-7 * X, "1e-07 * x"),
        (X > 3, "x > 3"),
        (call("clamp_min", X + 1, 0.5), "clamp_min(x + 1, 0.5)"),
        (call("ln", X) & Y, "ln(x) and y"),
        ((X | Y).unless(Y), "(x or y) unless y"),
        (larger(X, Y), "x > y or y or x"),
    ],
)
def test_a_formula_keeps_its_order_of_operations(formula, text):
    """What is computed first stands in parentheses, and numbers are written in full."""
    assert formula.text == text
    assert promql_parser.parse(formula.text)
    assert formula.labels == {"a"}


def test_sides_with_other_labels_are_joined_by_what_they_share():
    """The side with fewer labels meets each series of the other one, on whichever side it stands."""
    assert (FINE / X).text == "fine / on (a) group_left () x"
    assert (X / FINE).text == "x / on (a) group_right () fine"
    assert (FINE > X).text == "fine > on (a) group_left () x"
    assert (FINE & X).text == "fine and on (a) x"
    assert (X & FINE).text == "x and on (a) fine"
    assert (FINE / X).labels == (X / FINE).labels == FINE.labels
    assert (X & FINE).labels == X.labels


@pytest.mark.parametrize(
    "make", [lambda: X + OTHER, lambda: X & OTHER, lambda: FINE | X, lambda: by("sum", ("c",), X), lambda: X > OTHER]
)
def test_sides_that_share_nothing_are_refused(make):
    """Arithmetic between labels that do not contain each other, and a union of unlike ones, raise."""
    with pytest.raises(QueryInvalid):
        make()


def test_series_are_read_by_their_declarations():
    """Selectors, windows and offsets are made of declared series, and a label that one lacks is refused."""
    assert of(ROWS, window="1d").text == 'drift:rows{window="1d"}'
    assert before(drift.OBSERVATIONS, "5m").text == "servewatch_feature_observations_total offset 5m"
    assert over("max", SCORE, "2h", "23h", role="input").text == (
        'max_over_time(drift:score{role="input"}[2h] offset 23h)'
    )
    assert by("sum", FEATURE, REFERENCE_RATIO()).labels == set(FEATURE)
    assert (BIN_COUNT() / ROWS()).labels == {*WINDOWED, "bin"}
    assert (SCORE() > Z_CRITICAL()).text == "drift:score > on (service, window) group_left () drift:z_critical"
    with pytest.raises(QueryInvalid, match="no label 'bin'"):
        ROWS(bin="00")
    with pytest.raises(QueryInvalid, match="is a counter"):
        over("sum", requests.TOTAL, "5m")
