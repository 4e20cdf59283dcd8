"""A rolling update: new serving containers come up beside the old ones, and an old one goes when a new one is ready."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from servewatch.stack.errors import StackError

SERVICE = "serving"
GRACE = 30
"""Seconds that an old container gets to answer what it accepted."""


class Engine(Protocol):
    """What an update needs of a container engine."""

    def replicas(self) -> list[str]:
        """The names of the serving containers that run."""
        ...

    def halted(self) -> list[str]:
        """The names of those that are there and do not run."""
        ...

    def scale(self, replicas: int) -> bool:
        """Start containers until so many run, beside those that do, and wait: whether all are ready."""
        ...

    def remove(self, container: str, grace: int) -> None:
        """Stop a container, which drains, and remove it."""
        ...


def update(engine: Engine, say: Callable[[str], None], wanted: int | None = None, surge: int = 1) -> int:
    """Replace every serving container, `surge` at a time; answers how many there are then: as many as before.

    The gateway sends requests to those that are ready, so none is lost. Where a new container does not become
    ready, it is removed, the old ones that are left go on, and StackError says so.
    """
    old = engine.replicas()
    if not old:
        raise StackError("no serving container runs", "servewatch up --compose")
    halted = _clear(engine, say)
    wanted = wanted or len(old) + halted
    while old:
        running = engine.replicas()
        more = min(surge, len(old))
        say(f"{len(old)} of {len(running)} containers are old; starting {more} new")
        if not engine.scale(len(running) + more):
            _undo(engine, running)
        for container in old[:more]:
            engine.remove(container, GRACE)
            say(f"{container} has answered what it accepted and is gone")
        old = old[more:]
    return _settle(engine, wanted)


def _clear(engine: Engine, say: Callable[[str], None]) -> int:
    """Remove those that do not run: the engine would start one as it was in place of making a new one."""
    halted = engine.halted()
    for container in halted:
        engine.remove(container, 0)
        say(f"{container} did not run and is removed; a new one takes its place")
    return len(halted)


def _undo(engine: Engine, running: Sequence[str]) -> None:
    for container in set(engine.replicas()) - set(running):
        engine.remove(container, 0)
    raise StackError(
        "a new serving container did not become ready: it is removed, and those that ran go on",
        "docker compose run --rm serving shows why; then servewatch update again",
    )


def _settle(engine: Engine, wanted: int) -> int:
    for container in engine.replicas()[wanted:]:
        engine.remove(container, GRACE)
    if len(engine.replicas()) < wanted and not engine.scale(wanted):
        raise StackError(f"not all of {wanted} serving containers became ready", "docker compose logs serving")
    return wanted
