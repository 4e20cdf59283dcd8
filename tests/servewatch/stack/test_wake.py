"""Waiting that signals interrupt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from servewatch.stack.wake import Wake


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_is_a_wish_to_stop(number: signal.Signals) -> None:
    """Each of the three signals ends a wait and counts; afterwards the handlers are those from before."""
    before = signal.getsignal(number)
    with Wake() as wake:
        assert not wake.stop
        os.kill(os.getpid(), number)
        wake.wait(60.0)
        assert wake.stop
        assert not wake.hurry
    assert signal.getsignal(number) is before


def test_second_wish_is_a_hurry() -> None:
    """Who asks again a while later wants it at once; two signals in the same moment are one wish."""
    clock = Clock()
    with Wake(clock) as wake:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        assert (wake.stop, wake.hurry) == (True, False)
        clock.now += 2.0
        os.kill(os.getpid(), signal.SIGINT)
        assert wake.hurry


def test_death_of_a_child_ends_a_wait_where_wanted() -> None:
    """With `children` a wait is over when a child dies, long before its time, and that is no wish to stop."""
    with Wake(children=True) as wake:
        with subprocess.Popen([sys.executable, "-c", ""]) as child:
            wake.wait(60.0)
            assert os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT) is not None
        assert not wake.stop


def test_child_does_not_end_other_waits() -> None:
    """Without it the death of a child goes unnoticed, so that a wait lasts as long as it was meant to."""
    with Wake() as wake:
        assert signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
        assert not wake.stop
