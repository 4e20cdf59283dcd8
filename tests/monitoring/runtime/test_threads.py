from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from monitoring import Metrics
from monitoring.runtime import CountingExecutor, watch_threads

LABELS = {"service": "shop", "version": "1", "pool": "default"}


def test_threads_that_work_are_counted() -> None:
    """Two of two work while a third job waits; in the end none does, also where a job failed."""
    registry, gate, inside = CollectorRegistry(), threading.Event(), threading.Barrier(3, timeout=10)

    def work() -> int:
        inside.wait()
        gate.wait(10)
        return 7

    def fail() -> None:
        raise KeyError("x")

    with CountingExecutor(2) as pool:
        watch_threads(Metrics(registry, LABELS), "default", lambda: pool.busy, pool.limit)
        jobs = [pool.submit(work) for _ in range(2)]
        failing = pool.submit(fail)
        inside.wait()
        assert registry.get_sample_value("servewatch_threads_busy", LABELS) == 2
        assert registry.get_sample_value("servewatch_threads_limit", LABELS) == 2
        gate.set()
        assert [job.result(10) for job in jobs] == [7, 7]
        with pytest.raises(KeyError):
            failing.result(10)
    assert registry.get_sample_value("servewatch_threads_busy", LABELS) == 0


def test_arguments_and_results_pass_through() -> None:
    """Also those by name."""
    add: Callable[..., int] = lambda a, b=0: a + b  # noqa: E731
    with CountingExecutor(1) as pool:
        assert pool.submit(add, 2, b=3).result(10) == 5
