from __future__ import annotations

import pytest

from serving.processes.restarts import HOPELESS, Backoff, Life


def waits(*lives: Life) -> list[float | None]:
    """The wait after each of these lives, one following the other."""
    backoff, deaths, found = Backoff(), 0, []
    for life in lives:
        life = Life(deaths, life.seconds, life.was_ready, life.failed)
        found.append(backoff.wait(life))
        deaths = backoff.deaths(life)
    return found


def test_the_first_restart_is_at_once_and_the_wait_doubles_up_to_a_limit() -> None:
    """A process that dies again and again is started ever more rarely, but for ever."""
    found = waits(*[Life(0, 1.0, True)] * 12)
    assert found[:5] == [0.0, 0.25, 0.5, 1.0, 2.0]
    assert found[-2:] == [30.0, 30.0]


def test_a_steady_life_clears_the_past() -> None:
    """After ten seconds the next death is the first again."""
    assert waits(*[Life(0, 1.0, True)] * 3, Life(0, 10.0, True), Life(0, 1.0, True)) == [0.0, 0.25, 0.5, 0.0, 0.25]


def test_what_was_never_ready_and_said_why_is_not_tried_again() -> None:
    """A service whose model is not in the store ends at its first word."""
    assert waits(Life(0, 1.0, False, failed=True)) == [None]


def test_what_was_never_ready_and_died_without_a_word_is_tried_a_few_times() -> None:
    """Three silent deaths before the first readiness are enough."""
    found = waits(*[Life(0, 1.0, False)] * HOPELESS)
    assert found[-1] is None
    assert None not in found[:-1]


@pytest.mark.parametrize("failed", [True, False])
def test_what_was_ready_once_is_never_given_up(failed: bool) -> None:
    """A store that cannot be read for a while does not end a service that ran."""
    assert None not in waits(*[Life(0, 0.1, True, failed)] * 100)
