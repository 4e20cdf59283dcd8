from __future__ import annotations

import numpy as np
import pytest

from monitoring.reference.space import CENTROID_DISTANCE, CLASS_DISTANCE, RESIDUAL, Space, steady

RANDOM = np.random.default_rng(1)
PLANE = RANDOM.normal(size=(2000, 2)) @ np.array([[1.0, 0, 1, 0, 1], [0, 1, 0, 1, 0]])
ROWS = (PLANE + RANDOM.normal(0, 0.3, PLANE.shape) + 10).astype(np.float32)
NAMES = (RESIDUAL, CLASS_DISTANCE, CENTROID_DISTANCE)


def test_the_residual_is_the_way_out_of_the_main_directions():
    """As a singular value decomposition of the centred rows gives it, with the components that are kept."""
    space = Space.fit(ROWS)
    found = space.narrow().measure(ROWS, None, (RESIDUAL,))[:, 0]
    centred = ROWS - ROWS.mean(axis=0, dtype=np.float64)
    axes = np.linalg.svd(centred, full_matrices=False)[2][: space.components.shape[1]]
    left = centred - centred @ axes.T @ axes
    scale = np.sqrt(ROWS.var(axis=0, dtype=np.float64).mean())
    assert found == pytest.approx(np.linalg.norm(left, axis=1) / scale, rel=0.01, abs=4e-3)


def test_each_column_has_its_own_unit_where_it_is_wanted():
    """Then a column in thousandths weighs as much as one in thousands."""
    units = np.array([1e-3, 1, 1e3, 1, 1e6], dtype=np.float32)
    plain = Space.fit(ROWS, each=True).narrow().measure(ROWS, None, (RESIDUAL,))
    scaled = Space.fit(ROWS * units, each=True).narrow().measure(ROWS * units, None, (RESIDUAL,))
    assert scaled == pytest.approx(plain, rel=0.01, abs=2e-3)


def test_a_row_is_near_the_mean_of_its_own_class():
    """And of another farther; without a class there is no distance."""
    classes = (PLANE[:, 0] > 0).astype(int)
    space = Space.fit(ROWS, classes, 2).narrow()
    own, other = (space.measure(ROWS, of, (CLASS_DISTANCE,))[:, 0] for of in (classes, 1 - classes))
    assert (own < other).mean() > 0.8
    assert np.isnan(space.measure(ROWS[:3], np.array([-1, 2, 99]), (CLASS_DISTANCE,))).all()


def test_the_space_is_the_same_after_it_was_plain_data():
    """To the last digit: the reference was learnt with it, and live rows are measured with it."""
    space = Space.fit(ROWS, np.zeros(len(ROWS), dtype=int), 1)
    again = Space.read(space.plain())
    classes = np.zeros(9, dtype=int)
    assert np.array_equal(again.measure(ROWS[:9], classes, NAMES), space.narrow().measure(ROWS[:9], classes, NAMES))


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_rows_that_never_differ_have_a_space_all_the_same(value: float):
    """Nothing is divided by zero, and their residual is zero."""
    rows = np.full((100, 4), value, dtype=np.float32)
    assert Space.fit(rows).narrow().measure(rows, None, (RESIDUAL,)).tolist() == [[0.0]] * 100


def test_a_relation_that_always_held_has_no_residual_and_breaking_it_has():
    """What is left by rounding alone counts as nothing."""
    rows = np.column_stack((ROWS[:, 0], 2 * ROWS[:, 0])).astype(np.float32)
    space = Space.fit(rows, each=True).narrow()
    assert (space.measure(rows, None, (RESIDUAL,)) == 0).all()
    assert space.measure(rows * np.array([1, 0.9], np.float32), None, (RESIDUAL,)).min() > 0.1


def test_steady_numbers_do_not_feel_the_last_digits():
    """A sum that came out otherwise by one part in a million is the same number, and none moves by a thousandth."""
    values = RANDOM.lognormal(0, 5, 10_000).astype(np.float32)
    other = (values * (1 + 1e-7)).astype(np.float32)
    assert (steady(values) == steady(other)).mean() > 0.99
    assert steady(values) == pytest.approx(values, rel=1e-3)
    assert np.isnan(steady(np.array([np.nan], np.float32)))[0]
    assert steady(np.array([np.inf, 0.0], np.float32)).tolist() == [np.inf, 0.0]
