"""The simulation of the batching policy, which has a clock of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
import policy


@pytest.mark.parametrize("rate", policy.RATES)
@pytest.mark.parametrize("wait", [0.002, 0.005, 0.01, 0.05])
def test_no_fixed_wait_answers_sooner(rate: float, wait: float) -> None:
    """At every rate the median of ours is at most that of a server which waits so long for company."""
    ours = policy.simulate(policy.ours, rate, 4000)
    fixed = policy.simulate(policy.fixed(wait), rate, 4000)
    assert ours.p50 <= fixed.p50 * 1.01
    assert ours.p99 <= fixed.p99 * 1.05


def test_batches_grow_with_the_load() -> None:
    """Without any wait a busy runner's batches are large, an idle one's of one row."""
    assert policy.simulate(policy.ours, 20, 2000).rows < 1.1
    assert policy.simulate(policy.ours, 11_000, 20_000).rows > 30
