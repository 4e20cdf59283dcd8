"""Which faults are being caused under a home, so that `servewatch demo stop` can end them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from servewatch.stack import processes
from servewatch.stack.processes import Identity
from servewatch.stack.state import write_json
from servewatch.traffic import away

FOLDER = "faults"
PATIENCE = 15.0
"""Seconds that a fault has to end in: requests under way are waited for."""


@contextlib.contextmanager
def noted(folder: Path, name: str) -> Iterator[None]:
    """While entered, this process is known as the one that causes the fault."""
    me, path = processes.identify(os.getpid()), folder / FOLDER / f"{os.getpid()}.json"
    if me is not None:
        write_json(path, {"name": name, "pid": me.pid, "born": me.born})
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def end_all(folder: Path) -> list[str]:
    """Ask every process that causes a fault to end, wait for it, and tell their faults' names."""
    found: dict[Identity, str] = {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told = json.loads(path.read_text())
            one = Identity(int(told["pid"]), str(told["born"]))
            if processes.send(one, signal.SIGTERM):
                found[one] = str(told["name"])
        path.unlink(missing_ok=True)
    processes.wait_gone(list(found), PATIENCE)
    away.send_again(folder)
    return list(found.values())
