"""benchmarks/false_alarms.py: what its table rests on."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import drift_model, false_alarms


def test_bins_are_closed_at_the_right_and_ties_merge():
    """A value on an edge is in the bin that ends there, and a value that is many deciles is one edge."""
    edges = false_alarms.learnt(np.array([1.0, 1.0, 1.0, 1.0, 2.0, 3.0]))
    assert edges.tolist() == pytest.approx([1.0, 1.0, 2.0, 3.0])
    assert false_alarms.counted(np.array([0.5, 1.0, 2.5, 3.0, 4.0]), edges).tolist() == [1, 1, 0, 2, 1, 0]


def test_few_rows_alarm_the_rule_of_thumb_and_not_ours():
    """On 50 rows without drift PSI > 0.1 fires for most features, and our rule for none."""
    found = false_alarms.ours(np.random.default_rng(3), 50, 2)
    assert found["PSI > 0.1"] > 0.5
    assert found["ours, hour"] == found["ours, day"] == 0


def test_a_drift_that_matters_is_seen():
    """A shift by one standard deviation is seen in each window of 200 rows."""
    assert false_alarms.seen(np.random.default_rng(3), 200, false_alarms.DRIFTS["shift by 1 sd"], 5) == 1


def test_bursts_are_measured_by_neighbouring_steps():
    """Counts in fives have a design effect of about five, and single ones of about one."""
    rng, share = np.random.default_rng(3), np.full(10, 0.1)
    assert drift_model.design_effect(rng.multinomial(100, share, size=300) * 1.0, 12) == pytest.approx(1, abs=0.2)
    assert drift_model.design_effect(rng.multinomial(20, share, size=300) * 5.0, 12) == pytest.approx(5, abs=0.8)
