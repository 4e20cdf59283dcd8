"""The request metrics of an app that is not ours: bound once for each endpoint, by the template of its route."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import prometheus_client as prom

from monitoring.catalogue import requests
from monitoring.metrics import Metrics

UNKNOWN = "unknown"
"""The endpoint of requests for which the app has no route."""

CLIENT_GONE = 499
CODES = (200, CLIENT_GONE, 500)
"""Answers that are there at 0 from the start; others as soon as they occur."""

UNKNOWN_CODES = (404,)
Clock = Callable[[], float]


class Series:
    """The metrics of one endpoint."""

    __slots__ = ("_codes", "_endpoint", "_metrics", "in_progress", "observe")

    def __init__(self, metrics: Metrics, endpoint: str, codes: tuple[int, ...]) -> None:
        self._metrics, self._endpoint = metrics, endpoint
        self.in_progress = metrics.gauge(requests.IN_PROGRESS, endpoint=endpoint)
        self.observe = metrics.histogram(requests.DURATION, endpoint=endpoint).observe
        self._codes = {code: self._counter(code) for code in codes}

    def _counter(self, code: int) -> prom.Counter:
        return self._metrics.counter(requests.TOTAL, endpoint=self._endpoint, code=str(code))

    def record(self, code: int, seconds: float, trace_id: str | None) -> None:
        """Count one request that has ended."""
        if code not in self._codes:
            self._codes[code] = self._counter(code)
        self._codes[code].inc()
        self.observe(seconds, {"trace_id": trace_id} if trace_id else None)


class Counts:
    """The metrics of an app, by endpoint."""

    def __init__(self, metrics: Metrics, clock: Clock = time.perf_counter) -> None:
        self.metrics, self.clock = metrics, clock
        self._series = {UNKNOWN: Series(metrics, UNKNOWN, UNKNOWN_CODES)}

    def know(self, endpoints: Iterable[str]) -> None:
        """Show these endpoints at 0."""
        for endpoint in endpoints:
            self.of(endpoint)

    def of(self, endpoint: str) -> Series:
        """The series of an endpoint, which is a route's template or unknown: there are as many as routes."""
        found = self._series.get(endpoint)
        if found is None:
            found = self._series[endpoint] = Series(self.metrics, endpoint, CODES)
        return found
