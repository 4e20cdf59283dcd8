"""What all children have counted: asked for each second and at each scrape, kept when they end."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Callable, Iterable

from prometheus_client.registry import CollectorRegistry

from monitoring.merge import Ledger, Snapshot, snapshot
from serving.processes.seat import Child

PATIENCE = 0.3
"""Seconds that a scrape waits for children; who does not answer is shown as it was last seen."""


class Counts:
    """The master's book. It lives on the event loop; `pages` may be called on any thread."""

    def __init__(self, registry: CollectorRegistry, children: Callable[[], Iterable[Child]]) -> None:
        self._registry = registry
        self._children = children
        self._ledger = Ledger()
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._turn = asyncio.Lock()
        self._loop = asyncio.get_running_loop()

    def begin(self, child: Child) -> None:
        """A child was started."""
        self._ledger.begin(child.number)

    def note(self, child: Child, page: Snapshot | None) -> None:
        """What a child has said that it counted; None where it could not tell."""
        if page is not None:
            self._ledger.note(child.number, page)
        if (asked := self._asked.pop(child.number, None)) is not None and not asked.done():
            asked.set_result(None)

    def end(self, child: Child) -> None:
        """A child has ended."""
        self._ledger.end(child.number)
        self.note(child, None)

    async def refresh(self) -> None:
        """Ask every child, and give them a moment."""
        async with self._turn:
            for child in self._children():
                if child.greeted and child.number not in self._asked:
                    self._asked[child.number] = self._loop.create_future()
                    child.tell("count")
            if self._asked:
                await asyncio.wait(list(self._asked.values()), timeout=PATIENCE)

    def known(self) -> list[Snapshot]:
        """What is known now: of the master itself, of those that live, of all that ended."""
        return [snapshot(self._registry), *self._ledger.pages()]

    def pages(self) -> list[Snapshot]:
        """The same, freshly asked; for the thread of a scrape."""
        asking = self.refresh()
        try:
            asyncio.run_coroutine_threadsafe(asking, self._loop).result(PATIENCE * 4)
        except (RuntimeError, TimeoutError, concurrent.futures.CancelledError):  # the loop is ending
            with contextlib.suppress(RuntimeError):
                asking.close()
        return self.known()
