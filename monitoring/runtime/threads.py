"""How many threads of a pool work, and how many it has at most."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from monitoring.catalogue import runtime
from monitoring.metrics import Metrics

T = TypeVar("T")


class CountingExecutor(ThreadPoolExecutor):
    """A pool of threads that knows how many of them work."""

    def __init__(self, limit: int, name: str = "") -> None:
        super().__init__(limit, thread_name_prefix=name)
        self.limit = limit
        self._lock = threading.Lock()
        self._working = 0

    @property
    def busy(self) -> int:
        """How many of its threads work now."""
        return self._working

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run it on a thread, and count it while it runs."""
        return super().submit(self._count, fn, args, kwargs)

    def _count(self, function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        with self._lock:
            self._working += 1
        try:
            return function(*args, **kwargs)
        finally:
            with self._lock:
                self._working -= 1


def watch_threads(metrics: Metrics, pool: str, busy: Callable[[], float], limit: int) -> None:
    """Show a pool of threads in these metrics; `busy` is asked at each scrape."""
    metrics.gauge(runtime.THREADS_BUSY, pool=pool).set_function(busy)
    metrics.gauge(runtime.THREADS_LIMIT, pool=pool).set(limit)
