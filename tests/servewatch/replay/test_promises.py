"""servewatch/replay/promises.py: when conditions hold, by formulas."""

from __future__ import annotations

from itertools import count

import pytest

from alerts.requests import REQUEST_ERRORS_HIGH
from servewatch.replay.promises import at_once, crossing, share, stepped, surely_below


def _mean(window, before, after, now):
    """The mean of a window second by second, for comparison."""
    old, new = window - now, now
    weight = old * before[1] + new * after[1]
    return (old * before[0] * before[1] + new * after[0] * after[1]) / weight


@pytest.mark.parametrize(
    ("before", "after", "limit"), [((0, 1), (0.3, 1), 0.05), ((4, 10), (1, 40), 1.5), ((0, 1), (0.6, 3), 0.01)]
)
def test_a_window_passes_its_limit_when_the_formula_says(before, after, limit):
    """At the second of the formula, the mean of what the window holds is the limit."""
    assert _mean(300, before, after, crossing(300, limit, before, after)) == pytest.approx(limit)


def test_a_promise_is_the_condition_and_then_its_for():
    """An alert with `for: 1m` fires a minute after its condition has come to hold."""
    assert at_once(REQUEST_ERRORS_HIGH, 5.0).at == 65.0
    assert share(REQUEST_ERRORS_HIGH, 60.0, 0.05, 0.5).at == pytest.approx(66.0)


def test_slow_rules_show_at_their_next_step():
    """At least one whole step, and then at the end of the step in which it happens."""
    assert [stepped(after, 300.0) for after in (0.0, 120.0, 300.0, 301.0)] == [300.0, 300.0, 300.0, 600.0]


def test_a_share_is_surely_below_once_its_deviations_are():
    """The first step counts at which the mean and so many deviations are below the limit."""
    seen = ((1.0 - 0.1 * at, 0.05) for at in count(1))
    assert surely_below(0.75, 3.0, 300.0, seen) == 5 * 300.0


def test_what_never_falls_is_an_error():
    """A promise that is never kept is none."""
    with pytest.raises(ValueError, match=r"never falls below 0\.5"):
        surely_below(0.5, 3.0, 300.0, iter([(0.9, 0.1)]))
