"""An endpoint as the door sees it: whether a request has a chance there, and what those are told that have none."""

from __future__ import annotations

from typing import Any

from serving.counts import Counts
from serving.errors import ClientGone, QueueFull
from serving.lifecycle import Lifecycle
from serving.service import Endpoint


class Room:
    """Where the requests of one endpoint go; it knows the queues behind it."""

    def __init__(self, endpoint: Endpoint, lifecycle: Lifecycle, counts: Counts) -> None:
        self.queues = endpoint.queues
        self._lifecycle = lifecycle
        self._counts = counts

    def crowded(self, coming: int = 0) -> bool:
        """Whether every queue that the endpoint leads to is full, once so many are there that are on their way."""
        batchers = self._lifecycle.batchers
        for name in self.queues:  # asked by every request, so without a generator
            if not batchers[name].full(coming):
                return False
        return bool(self.queues)

    def shed(self) -> Exception:
        """Count one request as turned away by the queue; the error says why."""
        return self._lifecycle.batchers[self.queues[0]].shed(1)

    def refuse(self, count: int) -> tuple[dict[str, Any], dict[str, str]]:
        """Count so many as shed, and tell what they are told."""
        batcher = self._lifecycle.batchers[self.queues[0]]
        error = batcher.shed(1)
        batcher.count_shed(count - 1)
        return error.body(), error.headers

    def count_refused(self, seconds: float, gone: bool) -> None:
        """Count one that the door has turned away."""
        self._counts.record(ClientGone.status if gone else QueueFull.status, seconds, None)
