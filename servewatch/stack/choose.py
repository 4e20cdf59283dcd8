"""Which mode the stack runs in, or should run in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from servewatch.stack import state
from servewatch.stack.compose import FILE, Compose, engine_answers, remembered
from servewatch.stack.errors import StackError
from servewatch.stack.mode import Mode, Options
from servewatch.stack.native import Native

Say = Callable[[str], None]


def choose(mode: str | None, options: Options, folder: Path, say: Say) -> Mode:
    """The mode to bring the stack up in: the one named, else containers where that can work, else native."""
    record = state.read(options.folder)
    if record is not None and record.supervised:
        if mode != "compose":
            return Native(options, say)
        raise state.already_running(record, options.home)
    if mode == "compose" and (options.targets or not options.serve):
        raise StackError(
            "--target and --no-service are for a stack of processes: containers read targets from the folder targets/",
            "servewatch up --native, or a file as targets/README.md shows it",
        )
    if mode == "compose":
        return Compose(options, folder, say)
    if mode is None and options.demo and not options.targets and (folder / FILE).is_file() and engine_answers():
        compose = Compose(options, folder, say)
        if compose.fetch():
            return compose
        say("the images of docker-compose.yml cannot be had here: going on without containers (--compose insists)")
    return Native(options, say)


def started(options: Options, say: Say) -> Mode | None:
    """The stack that `servewatch up` started from this home, or what is left of it; None where there is none."""
    if state.read(options.folder) is not None:
        return Native(options, say)
    folder, _ = remembered(options)
    return Compose(options, folder, say) if folder is not None and engine_answers() else None


def running(options: Options, folder: Path, say: Say) -> Mode | None:
    """The same, or the containers of this folder's docker-compose.yml, whoever started them: to be looked at."""
    stack = started(options, say)
    if stack is None and (folder / FILE).is_file() and engine_answers():
        compose = Compose(options, folder, say)
        return compose if compose.status().processes else None
    return stack
