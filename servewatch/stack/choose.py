"""Which mode the stack runs in, or should run in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from servewatch.stack import state
from servewatch.stack.compose import FILE, Compose, engine_answers
from servewatch.stack.mode import Mode, Options
from servewatch.stack.native import Native


def choose(mode: str | None, options: Options, folder: Path, say: Callable[[str], None]) -> Mode:
    """The mode to bring the stack up in: the one named, else containers where that can work, else native."""
    if mode == "compose" or (mode is None and (folder / FILE).is_file() and engine_answers()):
        return Compose(options, folder, say)
    return Native(options, say)


def running(options: Options, folder: Path, say: Callable[[str], None]) -> Mode | None:
    """The mode of the stack that runs now, or of what is left of one; None where nothing is."""
    if state.read(options.folder) is not None:
        return Native(options, say)
    if (folder / FILE).is_file() and engine_answers():
        compose = Compose(options, folder, say)
        if compose.status().processes:
            return compose
    return None
