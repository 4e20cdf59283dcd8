"""What to do about a process that is not well, from what it said: decisions only, nothing here touches a process."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """What a log says where something is wrong outside of the process, and what helps."""

    said: re.Pattern[str]
    advice: str


def _cause(said: str, advice: str) -> Cause:
    return Cause(re.compile(said, re.IGNORECASE), advice)


CAUSES = (
    _cause("no space left on device", "the disk is full: free space under {folder}; it goes on by itself"),
    _cause("read-only file system", "the disk is read-only: see dmesg, then mount it writable; it goes on by itself"),
    _cause(
        "address already in use",
        "another program took its port {port}: end that one (ss -ltnp shows it) and this comes back by itself, "
        "or take the stack down and give another port",
    ),
    _cause("permission denied", "this user may not write there: chown what the log names under {folder}"),
    _cause("lock DB directory", "another Prometheus has these data: end it, or give this stack another --home"),
    _cause("too many open files", "the limit of open files is too low: ulimit -n 65536, then start the stack again"),
    _cause("out of memory|cannot allocate memory|killed by signal 9", "it may lack memory: see dmesg and free -m"),
    _cause("the clock was set back", "wait until the clock has caught up, or start the stack again"),
)
"""The first that fits is told."""


def cause(text: str, folder: str, port: str = "") -> str:
    """What helps against the cause that a text names; empty where it names none that is known."""
    return next((one.advice.format(folder=folder, port=port) for one in CAUSES if one.said.search(text)), "")


def advise(detail: str, written: str, folder: str, port: str, look: str) -> str:
    """What to do, in a line; where no cause is known, the command that shows the log."""
    known = cause(f"{detail}\n{written}", folder, port)
    return f"{known} ({look})" if known else look
