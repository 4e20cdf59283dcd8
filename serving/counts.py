"""A request's outcome: the one place that counts it."""

from __future__ import annotations

import asyncio
from typing import Any

from monitoring import Metrics
from monitoring.catalogue import requests

CODES = (200, 400, 405, 408, 413, 415, 422, 499, 500, 503, 504)


class Counts:
    """The request metrics of one endpoint, bound once."""

    def __init__(self, metrics: Metrics, endpoint: str, codes: tuple[int, ...] = CODES, streams: bool = False) -> None:
        self._metrics, self._endpoint = metrics, endpoint
        self.open = 0
        metrics.gauge(requests.IN_PROGRESS, endpoint=endpoint).set_function(lambda: self.open)
        self._duration = metrics.histogram(requests.DURATION, endpoint=endpoint)
        self._codes = {code: self._counter(code) for code in codes}
        self._served: list[float] = []
        if streams:
            self.first_chunk = metrics.histogram(requests.FIRST_CHUNK, endpoint=endpoint).observe

    def _counter(self, code: int) -> Any:
        return self._metrics.counter(requests.TOTAL, endpoint=self._endpoint, code=str(code))

    def record(self, code: int, seconds: float, trace: str | None) -> None:
        """Count one request that has ended; one of several that are served well together is counted with them."""
        if code == 200 and self.open and not trace:
            if not self._served:
                asyncio.get_running_loop().call_soon(self._book)
            self._served.append(seconds)
            return
        if code not in self._codes:
            self._codes[code] = self._counter(code)
        self._codes[code].inc()
        self._duration.observe(seconds, {"trace_id": trace} if trace else None)

    def _book(self) -> None:
        """Count those of this turn of the event loop: once for all takes a fraction of once for each."""
        served, self._served = self._served, []
        self._codes[200].inc(len(served))
        self._duration.observe_all(served)
