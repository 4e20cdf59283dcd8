from __future__ import annotations

import contextlib
import tracemalloc

import pytest

from serving.errors import RunnerFailed, UnfitInput
from serving.faults import KINDS, LARGEST, LONGEST, MIB, TELL_EVERY, Faults


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


def test_memory_is_held_up_to_a_bound(faults: Faults) -> None:
    """What is asked for stays held, and no header takes more than the bound in all."""
    tracemalloc.start()
    try:
        faults.obey("hold=3")
        faults.obey("hold=2")
        assert tracemalloc.get_traced_memory()[0] // MIB == 5
        faults.obey("hold=inf")
        faults.obey("hold=1")
        assert tracemalloc.get_traced_memory()[0] // MIB == LARGEST
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("seconds", ["1e9", "inf"])
def test_slowness_has_a_bound(seconds: str, faults: Faults, time: Time) -> None:
    """No header makes a runner sleep for hours."""
    faults.obey(f"slow={seconds}")
    faults.around(lambda rows: rows)([1])
    assert time.slept == [LONGEST]


@pytest.mark.parametrize(
    "header", ["slow", "slow=", "slow=soon", "slow=-1", "slow=nan", "hold=-1", "hold=x", "fast=1", "=1", "nonsense"]
)
def test_what_is_no_fault_is_refused_and_changes_nothing(header: str, faults: Faults, time: Time) -> None:
    """An unknown fault is a client's error that lists the known ones."""
    with pytest.raises(UnfitInput, match="is not known") as caught:
        faults.obey(header)
    assert caught.value.help == "error, slow=SECONDS or hold=MIB"
    faults.around(lambda rows: rows)([1])
    assert time.slept == []


def _obey(faults: Faults, *headers: str) -> None:
    for header in headers:
        with contextlib.suppress(RunnerFailed, UnfitInput):
            faults.obey(header)


def test_each_fault_leaves_one_line_a_minute(faults: Faults, time: Time, caplog: pytest.LogCaptureFixture) -> None:
    """The log tells what was asked for, once a minute for each kind, so that a rehearsal finds its cause there."""
    _obey(faults, *["error", "slow=0.8"] * 50, "nonsense")
    assert ["the request fails" in line or "takes 0.8 s longer" in line for line in caplog.messages] == [True, True]
    assert all("X-Servewatch-Fault" in line for line in caplog.messages)
    time.now += TELL_EVERY
    _obey(faults, "error", "error")
    assert len(caplog.messages) == 3


def test_made_up_faults_do_not_fill_the_log(faults: Faults, caplog: pytest.LogCaptureFixture) -> None:
    """Clients that ask for ever other delays get a few lines a minute, and not one each."""
    _obey(faults, *[f"slow=0.{number:04}" for number in range(1000)])
    assert len(caplog.messages) == KINDS
