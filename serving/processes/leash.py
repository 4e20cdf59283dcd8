"""Ties a child to its master: it does not outlive it, and leaves signals to it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie(master: int) -> None:
    """Ask the kernel to kill this process when the master ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != master:  # it ended before the kernel was asked, and then nothing would ever tell
        os._exit(1)


def leave_signals_to_the_master() -> None:
    """Ctrl-C and process managers signal the whole group, but only the master knows the order to stop in.

    A handler that does nothing, not SIG_IGN: programs that the user's code starts must not inherit it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
