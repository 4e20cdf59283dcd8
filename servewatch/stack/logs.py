"""The log file of each process: kept over one restart of the stack, bounded, shown where something fails."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import IO

LARGEST = 10 * 1024 * 1024


def log_path(folder: Path, name: str) -> Path:
    """Where a process of the stack writes."""
    return folder / "logs" / f"{name}.log"


def begin(log: Path) -> None:
    """Start a new log; the one of the run before is kept beside it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size:
        log.replace(_previous(log))
    log.touch()


def output(log: Path, line: str) -> IO[bytes]:
    """The log, opened to go on with after this line; where the disk takes no line, what is thrown away."""
    with contextlib.suppress(OSError):
        file = log.open("ab", buffering=0)
        try:
            file.write(f"{line}\n".encode())
            return file
        except OSError:
            file.close()
    # A process whose output fails may die of it, and a full disk must not end the service.
    return open(os.devnull, "ab", buffering=0)


def bound(log: Path, largest: int = LARGEST) -> None:
    """Where it has grown too large, move what is in it aside while the process goes on writing."""
    with contextlib.suppress(OSError):
        if log.exists() and log.stat().st_size > largest:
            try:
                shutil.copyfile(log, _previous(log))
            finally:
                os.truncate(log, 0)


def last(log: Path, lines: int = 12) -> list[str]:
    """Its last lines that are not empty."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16384))
            text = file.read().decode(errors="replace")
    except OSError:
        text = ""
    return [line for line in text.splitlines() if line.strip()][-lines:]


def tail(log: Path, lines: int = 12) -> str:
    """Its last lines, indented and cut for a terminal."""
    return "\n".join(f"    {line[:240]}" for line in last(log, lines)) or "    (it wrote nothing)"


def _previous(log: Path) -> Path:
    return log.with_name(log.name + ".1")
