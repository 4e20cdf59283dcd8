"""Ties a child to its master: it does not outlive it, and leaves signals to it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from multiprocessing import resource_tracker

PR_SET_PDEATHSIG = 1
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def tie(master: int) -> None:
    """Ask the kernel to kill this process when the master ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != master:  # it ended before the kernel was asked, and then nothing would ever tell
        os._exit(1)


@contextlib.contextmanager
def holding_signals() -> Iterator[None]:
    """A process that is started in here gets no signal until it can leave them to the master."""
    resource_tracker.ensure_running()  # else it starts with the first child, and lets the signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def leave_signals_to_the_master() -> None:
    """Ctrl-C and process managers signal the whole group, but only the master knows the order to stop in.

    A handler that does nothing, not SIG_IGN: programs that the user's code starts must not inherit it.
    """
    for number in _SIGNALS:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
