"""Back-off: numbers in, numbers out."""

from __future__ import annotations

import pytest

from servewatch.stack.restarts import Backoff, exit_text


@pytest.mark.parametrize(
    ("deaths", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (6, 16.0), (7, 30.0), (100, 30.0), (10**6, 30.0)]
)
def test_wait_doubles_up_to_a_limit(deaths: int, seconds: float) -> None:
    """Each death in a row doubles the wait, and it never grows over half a minute."""
    assert Backoff().wait(deaths) == seconds


@pytest.mark.parametrize(("before", "lived", "after"), [(0, 0.1, 1), (4, 19.9, 5), (4, 20.0, 1), (9, 3600.0, 1)])
def test_steady_life_clears_the_past(before: int, lived: float, after: int) -> None:
    """A process that ran steadily before it died starts the count of deaths anew."""
    assert Backoff().deaths(before, lived) == after


@pytest.mark.parametrize(("code", "text"), [(0, "exit code 0"), (3, "exit code 3"), (-9, "killed by signal 9")])
def test_exit_text_tells_signals_from_codes(code: int, text: str) -> None:
    """A negative code is a signal, and is called one."""
    assert exit_text(code) == text
