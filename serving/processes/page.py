"""GET /metrics of a worker: the page of all processes, as the master adds it up."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable
from typing import Any

from prometheus_client.registry import CollectorRegistry
from starlette.responses import PlainTextResponse

from monitoring import MetricsApp
from monitoring.beside import Section
from monitoring.exposition import REFERENCE
from monitoring.merge import Merged, Snapshot
from serving.processes.control import Control, hand

PATIENCE = 3.0
Whole = tuple[Snapshot, list[Section], list[Section]]
"""What all processes have counted, what of it is watched traffic, and what that is compared with."""


class MasterPage:
    """An ASGI app that asks the master and shows what it says."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        app: Any
        try:
            async with asyncio.timeout(PATIENCE):
                page, counters, reference = await self._fetch()
            app = MetricsApp(_registry([page]), lambda path: reference if path.endswith(REFERENCE) else counters)
        except TimeoutError:
            app = PlainTextResponse(f"the master did not answer within {PATIENCE:g} s\n", 503, {"retry-after": "1"})
        await app(scope, receive, send)

    async def _fetch(self) -> Whole:
        loop = asyncio.get_running_loop()
        came: asyncio.Future[Whole] = loop.create_future()

        def arrive(page: Whole) -> None:
            if not came.done():
                came.set_result(page)

        self._control.ask_soon("page", then=functools.partial(hand, loop, arrive))
        return await came


def _registry(pages: Iterable[Snapshot]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Merged(lambda: pages))
    return registry
