from __future__ import annotations

import numpy as np
import pytest

from monitoring.reference.calibration import Calibration, isotonic

RANDOM = np.random.default_rng(4)


def test_adjacent_violators_are_pooled():
    """The example of every textbook: what falls becomes the mean of the block."""
    first, last, mean, weight = isotonic(np.arange(6.0), np.array([1, 3, 2, 4, 3.5, 5]), np.ones(6))
    assert mean.tolist() == [1, 2.5, 3.75, 5]
    assert (first.tolist(), last.tolist(), weight.tolist()) == ([0, 1, 3, 5], [0, 2, 4, 5], [1, 2, 2, 1])


def test_isotonic_regression_is_the_best_rising_line():
    """No rising line is nearer: the means of blocks rise, and within one no head's mean is below the block's."""
    x, y = RANDOM.random(500), (RANDOM.random(500) < 0.5).astype(float)
    first, last, mean, _ = isotonic(x, y, np.ones(500))
    assert (np.diff(mean) > 0).all()
    order = np.argsort(x)
    for start, end, value in zip(first, last, mean, strict=True):
        block = y[order][np.searchsorted(x[order], start) : np.searchsorted(x[order], end, side="right")]
        assert block.mean() == pytest.approx(value)
        assert (np.cumsum(block) / np.arange(1, len(block) + 1)).min() >= value - 1e-12


def test_equal_confidences_are_one_point():
    """They cannot be told apart, so they get their mean."""
    _, _, mean, weight = isotonic(np.array([0.5, 0.5, 0.5, 0.9]), np.array([1, 0, 0, 1]), np.ones(4))
    assert mean == pytest.approx([1 / 3, 1])
    assert weight.tolist() == [3, 1]


@pytest.mark.parametrize("right", [0.0, 0.5, 1.0])
def test_a_calibrated_confidence_still_tells_rows_apart(right: float):
    """Even a model that is always right, or never: a higher confidence stays a higher one, within 0 and 1."""
    confidence = 1 - np.logspace(-6, -1, 400)
    truth = (RANDOM.random(400) < right).astype(float)
    line = Calibration.fit(confidence, truth)
    found = line(np.sort(confidence))
    assert (np.diff(found) > 0).all()
    assert found[0] > 0
    assert found[-1] < 1
    assert found.mean() == pytest.approx(truth.mean(), abs=0.05)


def test_the_line_is_the_same_after_it_was_plain_data():
    """To the last digit: bins were made with the one, and live rows are counted with the other."""
    line = Calibration.fit(RANDOM.random(300), RANDOM.integers(0, 2, 300))
    again, x = Calibration.read(line.plain()), RANDOM.random(1000)
    assert np.array_equal(again(x), line(x))
