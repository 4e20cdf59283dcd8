"""The truth that comes later: of a share of the demo's answers, the true classes are sent some time after."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from servewatch import labels
from servewatch.labels import FeedbackFailed

SHARE = 0.1
DELAY = (10.0, 120.0)
"""Seconds between an answer and its label: of a demo, not of life."""


class LateLabels:
    """Keeps labels until they are due. A service that takes none is not asked again."""

    def __init__(
        self,
        url: str,
        share: float = SHARE,
        clock: Callable[[], float] = time.monotonic,
        seed: int | None = None,
        away: Callable[[], bool] = lambda: False,
    ) -> None:
        self._url, self._share, self._clock, self._away = url, share, clock, away
        self._chance = random.Random(seed)
        self._due: list[tuple[float, int, dict[str, Any]]] = []
        self._noted = 0
        self._lock = threading.Lock()
        self.refused = ""
        self.counted = 0

    def note(self, text: str, truth: tuple[int, ...]) -> None:
        """An answer with this id was given to pictures of these classes."""
        with self._lock:
            if self.refused or self._chance.random() >= self._share:
                return
            self._noted += 1
            due = self._clock() + self._chance.uniform(*DELAY)
            heapq.heappush(self._due, (due, self._noted, {"id": text, "label": list(truth)}))

    def send(self, wait: Callable[[float], object]) -> None:
        """Send what is due; what falls due while the sender is away is never sent."""
        with self._lock:
            now, items = self._clock(), []
            while self._due and self._due[0][0] <= now:
                items.append((0, heapq.heappop(self._due)[2]))
        if items and not self.refused and not self._away():
            try:
                self.counted += labels.send(self._url, items, wait).counted
            except FeedbackFailed as error:  # while the service restarts, these are lost, as they would be in life
                if error.status:
                    self.refused = error.message
