from __future__ import annotations

import pytest

from serving.errors import RunnerFailed, UnfitInput
from serving.faults import LONGEST, Faults


class Time:
    """A clock that only sleeping turns."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def faults(time: Time) -> Faults:
    return Faults(lambda: time.now, time.sleep)


def test_an_error_is_raised_where_it_is_asked_for(faults: Faults) -> None:
    """`error` fails the request as a service's own error would."""
    with pytest.raises(RunnerFailed, match="a fault was asked for"):
        faults.obey("error")


def test_slow_holds_the_runner_for_a_second_of_calls(faults: Faults, time: Time) -> None:
    """Calls within the next second are slowed, later ones are not."""
    around = faults.around(lambda rows: rows)
    assert around([1]) == [1]
    assert time.slept == []
    faults.obey("slow=0.25")
    around([1])
    time.now += 0.99
    around([1])
    assert time.slept == [0.25, 0.25]
    time.now += 0.02
    around([1])
    assert len(time.slept) == 2


@pytest.mark.parametrize("seconds", ["1e9", "inf"])
def test_slowness_has_a_bound(seconds: str, faults: Faults, time: Time) -> None:
    """No header makes a runner sleep for hours."""
    faults.obey(f"slow={seconds}")
    faults.around(lambda rows: rows)([1])
    assert time.slept == [LONGEST]


@pytest.mark.parametrize("header", ["slow", "slow=", "slow=soon", "slow=-1", "slow=nan", "fast=1", "=1", "nonsense"])
def test_what_is_no_fault_is_refused_and_changes_nothing(header: str, faults: Faults, time: Time) -> None:
    """An unknown fault is a client's error that lists the known ones."""
    with pytest.raises(UnfitInput, match="is not known") as caught:
        faults.obey(header)
    assert caught.value.help == "error or slow=SECONDS"
    faults.around(lambda rows: rows)([1])
    assert time.slept == []
