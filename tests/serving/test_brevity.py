from __future__ import annotations

from serving.brevity import Brevity


def noted(brevity: Brevity, *seconds: float) -> bool:
    for taken in seconds:
        brevity.note(taken)
    return brevity.sure


def test_it_takes_a_row_of_brief_calls_to_be_sure() -> None:
    """Two brief calls are no row of three; three are."""
    brevity = Brevity(limit=1.0, enough=3)
    assert not noted(brevity, 0.1, 0.1)
    assert noted(brevity, 0.1)


def test_a_long_call_ends_the_row() -> None:
    """A call as long as the limit begins the count anew."""
    brevity = Brevity(limit=1.0, enough=2)
    assert not noted(brevity, 0.1, 1.0, 0.1)
    assert noted(brevity, 0.1)


def test_who_disappointed_must_prove_twice_as_much() -> None:
    """After a long call where brief ones were sure, the row must be twice as long."""
    brevity = Brevity(limit=1.0, enough=2)
    assert noted(brevity, 0.1, 0.1)
    assert not noted(brevity, 5.0, 0.1, 0.1, 0.1)
    assert noted(brevity, 0.1)
