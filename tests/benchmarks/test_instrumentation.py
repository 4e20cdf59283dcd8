from __future__ import annotations

import asyncio

import pytest

from benchmarks.instrumentation import BUDGET, collecting, measure, report, ways


def test_each_way_is_measured_in_each_round() -> None:
    """Both endpoints, all ways, and as many figures as rounds were asked for: each way answers 200."""
    with collecting() as collector:
        found = asyncio.run(measure(collector, rounds=2, requests=3))
    names = [way.name for way in ways()]
    assert {path: list(taken) for path, taken in found.items()} == {"/direct": names, "/through_the_queue": names}
    assert {len(spent) for taken in found.values() for spent in taken.values()} == {2}


@pytest.mark.parametrize(("more", "verdict"), [(BUDGET - 1, "within"), (BUDGET + 1, "OVER")])
def test_the_report_compares_and_judges(more: float, verdict: str) -> None:
    """Ratios are to the first way, of the least disturbed rounds; what all metrics cost is held against the budget."""
    taken = {"as by default": [12.0, 10.0], "no metrics": [9.0, 8.0], "metrics with exemplar": [99.0, 8.0 + more]}
    shown = report("/a_b", taken)
    assert shown.startswith("a b\n")
    assert "no metrics                            8.0   0.800    -2.00" in shown
    assert f"with exemplar: {more:.1f} us ({verdict} the 15 us" in shown
