"""A batcher whose clock and model a test holds in its hands."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry

from monitoring import Metrics
from monitoring.catalogue import batching
from serving.batcher import OUTCOMES, REASONS, Batcher, Limits
from serving.runner import Runner

LIMITS = Limits(max_rows=8, max_wait=0.01, max_queue_rows=16)


def rows(*values: float) -> Any:
    return np.array(values, dtype=np.float32)


class Clock:
    """A clock that a test turns by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Held:
    """A model that doubles its rows, and does not answer a call before the test lets it go."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self._entered, self._let_go = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, rows: Any) -> Any:
        self.calls.append(len(rows))
        self._entered.release()
        assert self._let_go.acquire(timeout=10)
        return rows * 2

    async def entered(self) -> None:
        """Wait until one more call is inside."""
        assert await asyncio.to_thread(self._entered.acquire, timeout=10)

    def let_go(self, calls: int = 1) -> None:
        self._let_go.release(calls)


class Bench:
    """A batcher over a runner, its clock and its metrics."""

    def __init__(self, model: Callable[[Any], Any]) -> None:
        self.registry, self.clock = CollectorRegistry(), Clock()
        self.metrics = Metrics(self.registry, {"service": "s", "version": "1"})
        self.runner = Runner("classify", model, self.metrics.histogram(batching.DURATION, runner="classify"))

    def run(self, scenario: Callable[[Batcher], Awaitable[Any]], limits: Limits = LIMITS) -> Any:
        async def main() -> Any:
            return await scenario(Batcher(self.runner, limits, self.metrics, self.clock))

        return asyncio.run(main())

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, {"service": "s", "version": "1", "runner": "classify", **labels})

    def outcomes(self) -> dict[str, float | None]:
        found = {outcome: self.value("servewatch_runner_requests_total", outcome=outcome) for outcome in OUTCOMES}
        return {outcome: count for outcome, count in found.items() if count}

    def reasons(self) -> dict[str, float | None]:
        found = {reason: self.value("servewatch_runner_dispatches_total", reason=reason) for reason in REASONS}
        return {reason: count for reason, count in found.items() if count}
