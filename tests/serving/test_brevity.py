from __future__ import annotations

import pytest

from serving.brevity import MOST, Brevity


def noted(brevity: Brevity, *seconds: float) -> bool:
    for taken in seconds:
        brevity.note(taken)
    return brevity.sure


def test_it_takes_a_row_of_brief_calls_to_be_sure() -> None:
    """Two brief calls are no row of three; three are."""
    brevity = Brevity(limit=1.0, enough=3)
    assert not noted(brevity, 0.1, 0.1)
    assert noted(brevity, 0.1)


@pytest.mark.parametrize("long", [1.0, 1.01, 30.0])
def test_calls_that_are_long_are_never_sure(long: float) -> None:
    """As long as the limit is not brief, however many they are, and neither is a first one that takes very long."""
    assert not noted(Brevity(limit=1.0, enough=2), *[long] * 100)
    assert not noted(Brevity(limit=1.0, enough=2), long, 0.1)


def test_a_stray_long_call_changes_nothing() -> None:
    """A call of five times the limit among three hundred brief ones, again and again: the machine was busy."""
    brevity = Brevity(limit=1.0, enough=32)
    assert noted(brevity, *[0.3] * 40)
    assert all(noted(brevity, 5.0, *[0.3] * 299) for _ in range(20))


def test_who_disappointed_must_prove_twice_as_much() -> None:
    """After a call that outweighs the brief ones, the row begins anew where their average is brief, twice as long."""
    brevity = Brevity(limit=1.0, enough=2)
    assert noted(brevity, 0.1, 0.1)
    assert not noted(brevity, 3.0, 0.1, 0.1, 0.1)
    assert noted(brevity, 0.1)


def test_calls_that_often_take_long_are_left_to_the_thread() -> None:
    """One call of forty limits in two hundred: after some of them no more is met in the place of brief ones."""
    brevity, met = Brevity(limit=1.0, enough=4), []
    for _ in range(30):
        met.append(noted(brevity, *[0.1] * 200))
        brevity.note(40.0)
    assert met[0]
    assert sum(met) < 8
    assert not any(met[8:])


@pytest.mark.parametrize(("every", "long"), [(50, 16.0), (100, 25.0), (5, 3.3)])
def test_a_model_of_two_kinds_of_calls_is_left_to_the_thread(every: int, long: float) -> None:
    """One in fifty, in a hundred or in five that takes long, though the average is brief: few of them are met."""
    brevity, met = Brevity(limit=1.0), 0
    for number in range(100_000):
        taken = long if number % every == 0 else 0.17
        met += brevity.sure and taken == long
        brevity.note(taken)
    assert met < 20


def test_a_long_row_makes_good() -> None:
    """After as many brief calls as may ever be asked for, the next disappointment costs what the first did."""
    brevity = Brevity(limit=1.0, enough=2)
    for _ in range(12):
        noted(brevity, *[0.1] * (MOST + 100), 40.0)
    assert noted(brevity, *[0.1] * 60)
