from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from monitoring.reference.sketch import EXACT, Frequent, Quantiles, Sample

RANDOM = np.random.default_rng(6)


def sketch(*chunks: np.ndarray) -> Quantiles:
    """What is left of these chunks."""
    found = Quantiles(1)
    for chunk in chunks:
        found.add(chunk)
    return found


def test_numbers_that_fit_are_kept_as_they_are():
    """Up to the limit nothing is lost."""
    values = RANDOM.normal(size=EXACT)
    kept, weights = sketch(values).items()
    assert np.array_equal(kept, np.sort(values))
    assert (weights == 1).all()


@pytest.mark.parametrize("order", ["random", "rising", "falling"])
def test_ranks_are_off_by_less_than_a_thousandth(order: str):
    """Whatever the order, and the numbers that are left stand for as many as there were."""
    values = {"random": lambda v: v, "rising": np.sort, "falling": lambda v: np.sort(v)[::-1]}[order](
        RANDOM.exponential(size=400_000)
    )
    kept, weights = sketch(*np.array_split(values, 57)).items()
    assert weights.sum() == len(values)
    assert len(kept) < 2 * EXACT
    ranks = np.searchsorted(np.sort(values), kept, side="right")
    assert np.abs(np.cumsum(weights) - ranks).max() < 1e-3 * len(values)


def test_merged_sketches_are_as_good_as_one():
    """Eight parts, merged: counts, mean, spread and extremes are those of all; ranks to a thousandth."""
    parts = [RANDOM.normal(part, 1, 60_000) for part in range(8)]
    whole, merged = np.concatenate(parts), Quantiles(0)
    for seed, part in enumerate(parts):
        one = Quantiles(seed)
        one.add(part)
        merged.merge(one)
    kept, weights = merged.items()
    assert (merged.count, weights.sum()) == (len(whole), len(whole))
    assert (merged.least, merged.most) == (whole.min(), whole.max())
    assert (merged.mean, merged.spread) == (pytest.approx(whole.mean()), pytest.approx(whole.std()))
    ranks = np.searchsorted(np.sort(whole), kept, side="right")
    assert np.abs(np.cumsum(weights) - ranks).max() < 1e-3 * len(whole)


def test_few_values_are_counted_exactly_however_many_rows_there_are():
    """Also when two sketches of them are merged."""
    grades = RANDOM.choice([1.0, 2.0, 5.0], 100_000, p=[0.9, 0.0999, 0.0001])
    merged = sketch(grades[:70_000])
    merged.merge(sketch(grades[70_000:]))
    values, weights = merged.items()
    assert dict(zip(values.tolist(), weights.tolist(), strict=True)) == dict(Counter(grades.tolist()))


def test_what_is_not_finite_is_only_counted():
    """It is no quantile and moves no mean."""
    found = sketch(np.array([1.0, np.nan, np.inf, -np.inf, np.nan, 3.0]))
    assert (found.missing, found.below, found.above, found.mean) == (2, 1, 1, 2.0)
    assert found.items()[0].tolist() == [1, 3]


def test_the_most_frequent_values_are_found_among_any_number_of_others():
    """Ten values of 1 % each among 90,000 that are there once: each is found, its count off by a thousandth of all."""
    rare = [f"once {i}" for i in range(90_000)]
    often = [f"often {i % 10}" for i in range(10_000)]
    rows = RANDOM.permutation(rare + often)
    parts = [Frequent(), Frequent()]
    for place, chunk in enumerate(np.array_split(rows, 40)):
        parts[place % 2].add(chunk)
    parts[0].merge(parts[1])
    top = parts[0].top(10, least=500)
    assert sorted(value for value, _ in top) == [f"often {i}" for i in range(10)]
    assert all(900 <= count <= 1000 for _, count in top)
    assert parts[0].rows == 100_000


def test_each_row_has_the_same_chance_to_be_in_the_sample():
    """A thousand of ten thousand, drawn in two samples that are merged: the mean is that of all, none comes twice."""
    rows = np.arange(10_000.0)[:, None]
    first, second = Sample(1000, 1), Sample(1000, 2)
    for chunk in np.array_split(rows[:7000], 9):
        first.add(chunk, None)
    second.add(rows[7000:], np.zeros(3000, dtype=int))
    first.merge(second)
    drawn = np.asarray(first.rows)[:, 0]
    assert len(np.unique(drawn)) == 1000
    assert drawn.mean() == pytest.approx(5000, abs=4 * 2887 / np.sqrt(1000))
    assert ((drawn >= 7000) == (first.classes == 0)).all()
