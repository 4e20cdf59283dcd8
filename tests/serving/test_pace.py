from __future__ import annotations

from serving.pace import LONGEST, Pace


def test_before_anything_was_served_it_is_a_second() -> None:
    """Nothing is known: the least that may be said."""
    assert Pace().seconds_for(1000, 5.0) == 1


def test_the_wait_is_rows_over_rows_a_second_rounded_up() -> None:
    """100 rows a second: 250 rows take 3 s, 10 rows take 1."""
    pace = Pace()
    pace.begin(0.0)
    pace.end(100, 1.0)
    assert pace.seconds_for(250, 1.0) == 3
    assert pace.seconds_for(10, 1.0) == 1


def test_idle_time_does_not_count() -> None:
    """A runner that had nothing to do for an hour is as fast as it was."""
    pace = Pace()
    for start in (0.0, 3600.0):
        pace.begin(start)
        pace.end(10, start + 1.0)
    assert pace.seconds_for(50, 9999.0) == 5


def test_two_threads_at_once_serve_twice_as_much() -> None:
    """Batches that run side by side share their time."""
    pace = Pace()
    for _ in range(2):
        pace.begin(0.0)
    pace.end(10, 1.0)
    pace.end(10, 1.0)
    assert pace.seconds_for(100, 1.0) == 5


def test_a_batch_that_hangs_makes_the_wait_longer() -> None:
    """While it runs its time counts, up to the longest wait that is asked of anybody."""
    pace = Pace()
    pace.begin(0.0)
    pace.end(10, 1.0)
    pace.begin(1.0)
    assert pace.seconds_for(10, 1.0) == 1
    assert pace.seconds_for(10, 5.0) == 5
    assert pace.seconds_for(10, 500.0) == LONGEST


def test_a_first_batch_that_hangs_is_waited_for_as_long_as_it_has_run() -> None:
    """Without any row served, the time so far is the best guess."""
    pace = Pace()
    pace.begin(0.0)
    assert pace.seconds_for(10, 7.5) == 8


def test_the_pace_is_that_of_late() -> None:
    """A runner that has become ten times slower is soon known to be."""
    pace, now = Pace(), 0.0
    for seconds in [1.0] * 100 + [10.0] * 100:
        pace.begin(now)
        now += seconds
        pace.end(10, now)
    assert 9 <= pace.seconds_for(10, now) <= 10
