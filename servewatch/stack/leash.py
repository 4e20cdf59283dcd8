"""Runs a program that dies with its parent: `leash.py PARENT_PID PROGRAM ARGS...`.

It is a script of its own, not a `preexec_fn`, because the parent has threads, and code of ours between fork
and exec could then wait for a lock that nobody holds any more. It replaces itself: the pid stays the same.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Ask the kernel to kill this process when its parent ends, then become the program."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        # The parent may have died before the kernel was asked, and then nothing would ever tell.
        if os.getppid() != parent:
            sys.exit(f"the process {parent} that asked for this is gone")
    try:
        os.execvp(program[0], program)
    except OSError as error:
        sys.exit(f"{program[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
