"""What a service's process shows of itself: its threads, its garbage collector, its GPUs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Protocol

from monitoring import Metrics
from monitoring.runtime import CountingExecutor, watch_garbage_collection, watch_gpus, watch_threads

DEFAULT = "default"
"""What the metrics call the threads on which the event loop lets others work."""


class Pool(Protocol):
    """A runner's threads."""

    @property
    def busy(self) -> int: ...


class Vitals:
    """Those of one process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._stop: Callable[[], None] = lambda: None

    def begin(self, gpus: bool) -> None:
        """On the event loop, before the service starts; GPUs are shown by the processes that have the models."""
        executor = CountingExecutor(min(32, (os.cpu_count() or 1) + 4), DEFAULT)
        asyncio.get_running_loop().set_default_executor(executor)
        watch_threads(self._metrics, DEFAULT, lambda: executor.busy, executor.limit)
        self._stop = watch_garbage_collection(self._metrics)
        if gpus:
            watch_gpus(self._metrics)

    def watch(self, name: str, pool: Pool, limit: int) -> None:
        """Show a runner's threads."""
        watch_threads(self._metrics, name, lambda: pool.busy, limit)

    def end(self) -> None:
        """Watch no more."""
        self._stop()
        self._stop = lambda: None
