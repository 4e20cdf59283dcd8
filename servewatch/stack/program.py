"""A process of the stack as data, and how it is spawned."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from servewatch.stack import logs

LEASH = Path(__file__).with_name("leash.py")


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, how to see that it is well, and how to end it."""

    name: str
    argv: tuple[str, ...]
    url: str = ""
    health: str = ""
    heartbeat: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stage: int = 1
    stop_seconds: float = 10.0


def spawn(program: Program, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start it with its output in the log, in a session of its own, on a leash to this very process."""
    leashed = [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *program.argv]
    with logs.output(log, f"--- {program.name} starts at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC") as output:
        # A session of its own: Ctrl-C in the terminal must not reach it before its turn has come.
        return subprocess.Popen(
            leashed,
            env={**environment, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def reap(child: subprocess.Popen[bytes]) -> int | None:
    """Its exit code once it has ended; whatever it left running in its session is ended with it."""
    if child.returncode is None and hasattr(os, "waitid"):
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                return None
            # It has ended but still owns its pid: the group of that number cannot be anybody else's.
            kill_group(child.pid)
    return child.poll()


def kill_group(pid: int) -> None:
    """Kill the group that a process of ours leads."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
