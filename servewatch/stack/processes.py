"""Which process a pid means. A pid alone soon is another process's, so each goes with the time it was born."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
STAMP = "SERVEWATCH_STACK_ID"
"""Environment variable that every process of a stack inherits: with it, none is overlooked."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One process, told apart from a later one that got the same pid."""

    pid: int
    born: str


def identify(pid: int) -> Identity | None:
    """The process that has this pid now; None where there is none, or only its remains."""
    born = _born_linux(pid) if PROC.is_dir() else _born_elsewhere(pid)
    return Identity(pid, born) if born else None


def alive(process: Identity) -> bool:
    """Whether that very process still runs."""
    return identify(process.pid) == process


def send(process: Identity, number: signal.Signals) -> bool:
    """Signal that very process; False where it has gone, whoever has its pid now."""
    with contextlib.suppress(ProcessLookupError):
        if sys.platform != "linux":
            if not alive(process):
                return False
            os.kill(process.pid, number)
            return True
        handle = os.pidfd_open(process.pid)
        try:
            # The handle is taken first: between the check and the signal the pid cannot change its meaning.
            if not alive(process):
                return False
            signal.pidfd_send_signal(handle, number)
            return True
        finally:
            os.close(handle)
    return False


def stamped(stamp: str) -> list[Identity]:
    """Every process of this user that inherited the stamp (where /proc tells)."""
    wanted = f"{STAMP}={stamp}".encode()
    found = []
    for entry in PROC.iterdir() if PROC.is_dir() else ():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if wanted in (entry / "environ").read_bytes().split(b"\0"):
                    process = identify(int(entry.name))
                    found += [process] if process else []
    return found


def wait_gone(
    processes: Iterable[Identity], seconds: float, clock: Callable[[], float] = time.monotonic
) -> list[Identity]:
    """Wait until they have ended; the answer is those that have not within the time."""
    until = clock() + seconds
    left = [process for process in processes if alive(process)]
    while left and clock() < until:
        time.sleep(0.05)
        left = [process for process in left if alive(process)]
    return left


def end(processes: Iterable[Identity], seconds: float) -> list[Identity]:
    """Ask them to end, wait, kill what is left; the answer is those that had to be killed."""
    asked = [process for process in processes if send(process, signal.SIGTERM)]
    killed = [process for process in wait_gone(asked, seconds) if send(process, signal.SIGKILL)]
    wait_gone(killed, 5.0)
    return killed


def _born_linux(pid: int) -> str:
    try:
        state, *fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    # Field 22 of the line, start time in ticks since boot; the line was cut behind field 2.
    return "" if state in "ZX" else f"{boot}/{fields[18]}"


def _born_elsewhere(pid: int) -> str:
    command = ["ps", "-o", "state=,lstart=", "-p", str(pid)]
    state, _, born = subprocess.run(command, capture_output=True, text=True).stdout.strip().partition(" ")
    return "" if state.startswith("Z") else born.strip()
