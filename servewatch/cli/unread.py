"""What every command says first: which variables of the environment look like settings and are none."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from serving.settings import hand_down, inherited_environment
from serving.unread import TOLD, doubt, unread

FILES = ("*compose*.yml", "*compose*.yaml", "Makefile")
"""In the folder that a command is run in, what may read variables of its own."""


def doubts() -> list[str]:
    """A line for each; they are told once, by the first process and not by those that it starts."""
    environ = inherited_environment()
    names = unread(environ)
    if names:
        here = _here()
        names = [name for name in names if name not in here]
    if names:
        hand_down(TOLD, " ".join(filter(None, (environ.get(TOLD), *names))))
    return [doubt(name) for name in names]


def _here() -> set[str]:
    found: set[str] = set()
    for path in (path for pattern in FILES for path in Path.cwd().glob(pattern)):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found |= set(re.findall(r"\w+", path.read_text()))
    return found
