from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.drift.binner import PIECE, Binner
from monitoring.reference import Feature

AGE = Feature("age", "input", (0, 10, 10, 0, 0), edges=(0.0, 10.0, 20.0), dtype="float32")
CITY = Feature("city", "input", (5, 5, 0, 0), values=("Rome", "Oslo"))
NUMBER = st.floats(width=32) | st.sampled_from([0.0, 10.0, 20.0, float("nan"), float("inf"), float("-inf")])


def by_hand(feature: Feature, values: list[float]) -> list[int]:
    """A row at a time, as the definition of a bin says it."""
    found = [0] * len(feature.bins)
    for value in values:
        place = -1 if value != value else sum(edge < value for edge in feature.edges)
        found[place] += 1
    return found


def column(values: list[float], dtype: str = "float32") -> np.ndarray:
    return np.array(values, dtype)[:, None]


def test_bins_are_open_at_the_left_and_closed_at_the_right() -> None:
    """A number that is an edge belongs below it; what is above the last edge, or below the first, has its own bin."""
    found = Binner([AGE]).count(column([0, 0.5, 10, 10.5, 20, 20.5, -1]))
    assert found.tolist() == [2, 2, 2, 1, 0]


def test_nan_is_missing_and_infinities_are_out_of_range() -> None:
    """NaN has the bin of its own, -inf is below all edges, +inf above them."""
    assert Binner([AGE]).count(column([np.nan, np.inf, -np.inf])).tolist() == [1, 0, 0, 1, 1]


def test_a_number_meets_its_edge_in_the_type_that_was_served() -> None:
    """An edge that was learnt from float32 is met by the same number in float64, beside features of other types too."""
    edge = float(np.float32(0.3))
    feature = Feature("x", "input", (0, 1, 0), edges=(edge,), dtype="float32")
    wide = Feature("y", "input", (0, 1, 0), edges=(0.5,), dtype="float64")
    assert Binner([feature]).count(column([0.3], "float64")).tolist() == [1, 0, 0]
    rows = np.array([[np.nextafter(edge, 1), 0.5000000001]])
    assert Binner([feature, wide]).count(rows).tolist() == [1, 0, 0, 0, 1, 0]


@given(st.lists(NUMBER, max_size=600))
def test_counts_are_what_counting_by_hand_gives(values: list[float]) -> None:
    """Whatever the numbers, and over the size of a piece too."""
    assert Binner([AGE]).count(column(values)).tolist() == by_hand(AGE, values)


@pytest.mark.parametrize("edges", [(3, 3, 3), (1, 40, 2, 3), (1, 98)])
def test_features_with_few_and_many_edges_count_side_by_side(edges: tuple[int, ...]) -> None:
    """Each feature has its own counts, alike or not, over more rows than one piece has."""
    chance = np.random.default_rng(1)
    cuts = [np.sort(chance.normal(size=count).astype("float32")).tolist() for count in edges]
    features = [
        Feature(f"x{i}", "input", (0,) * (len(cut) + 2), tuple(cut), dtype="float32") for i, cut in enumerate(cuts)
    ]
    rows = chance.normal(size=(PIECE * 2 + 7, len(edges))).astype("float32")
    expected = [count for i, each in enumerate(features) for count in by_hand(each, rows[:, i].tolist())]
    assert Binner(features).count(rows).tolist() == expected


def test_categories_are_counted_by_the_position_of_their_bin() -> None:
    """Numbers and categories share one row of counts, in the order of the features, whatever the columns' order."""
    other = Feature("kind", "output", (1, 0, 0), values=("a",))
    codes = np.array([[2, 0], [0, 0], [1, 3]])
    found = Binner([AGE, CITY, other], [AGE], [other, CITY]).count(column([1, 2, 3]), codes)
    assert found.tolist() == [*[0, 3, 0, 0, 0], *[2, 0, 0, 1], *[1, 1, 1]]


@pytest.mark.parametrize(
    ("numbers", "codes"),
    [(None, [[0]]), ([1.0], [[0]]), ([[1.0, 2.0]], [[0]]), ([[1.0]], [[4]]), ([[1.0]], [[-1]])],
)
def test_columns_that_do_not_fit_are_refused(numbers: object, codes: object) -> None:
    """A column too many, or a code that is no bin's, would be counted as something else."""
    given_numbers = None if numbers is None else np.array(numbers)
    with pytest.raises(ValueError, match=r"columns|codes"):
        Binner([AGE, CITY]).count(given_numbers, np.array(codes))


def test_no_rows_are_no_counts() -> None:
    """An empty batch is nothing special."""
    empty = Binner([AGE, CITY]).count(np.empty((0, 1)), np.empty((0, 1), int))
    assert empty.tolist() == [0] * 9
