"""A client that sends many requests at once over connections that stay open, and never lets them pile up."""

from __future__ import annotations

import contextlib
import http.client
import queue
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import urlsplit

NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One request, ready to be sent."""

    path: str
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    truth: tuple[int, ...] = ()
    """The classes of its pictures, where they are known."""


class Client:
    """Sends samples on threads of its own; what is over the limit is left out and counted, not queued."""

    def __init__(self, url: str, limit: int = 64, timeout: float = 10.0) -> None:
        parts = urlsplit(url)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.limit, self.timeout = limit, timeout
        self._idle: queue.LifoQueue[http.client.HTTPConnection] = queue.LifoQueue()
        self._pool = ThreadPoolExecutor(max_workers=limit, thread_name_prefix="traffic")
        self._lock = threading.Lock()
        self._codes: Counter[int] = Counter()
        self.on_prediction: Callable[[str, tuple[int, ...]], None] = lambda text, truth: None
        self._in_flight = self._skipped = 0

    def offer(self, sample: Sample) -> bool:
        """Send it now; False where as many as may be are under way already."""
        with self._lock:
            if self._in_flight >= self.limit:
                self._skipped += 1
                return False
            self._in_flight += 1
        self._pool.submit(self._work, sample)
        return True

    def codes(self) -> dict[int, int]:
        """How many answers came so far, by HTTP code; 0 counts requests that got none."""
        with self._lock:
            return dict(sorted(self._codes.items()))

    @property
    def skipped(self) -> int:
        """Requests that were not sent because too many were under way."""
        return self._skipped

    def close(self) -> None:
        """Wait for what is under way, and close the connections."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        while not self._idle.empty():
            self._idle.get().close()

    def send(self, sample: Sample) -> int:
        """Send it and wait for the answer's code."""
        try:
            connection, reused = self._idle.get_nowait(), True
        except queue.Empty:
            connection, reused = self._connection(), False
        try:
            return self._exchange(connection, sample)
        except ConnectionError:
            if not reused:
                return NO_ANSWER
        except (OSError, http.client.HTTPException):
            return NO_ANSWER
        # A connection that lay idle may have been closed by the other side: that is no failure of the service.
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self._exchange(self._connection(), sample)
        return NO_ANSWER

    def _work(self, sample: Sample) -> None:
        code = NO_ANSWER
        try:
            code = self.send(sample)
        finally:
            with self._lock:
                self._in_flight -= 1
                self._codes[code] += 1

    def _exchange(self, connection: http.client.HTTPConnection, sample: Sample) -> int:
        headers = {"Content-Type": sample.content_type, **sample.headers}
        try:
            connection.request("POST", sample.path, sample.body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        if answer.will_close:
            connection.close()
        else:
            self._idle.put(connection)
        if sample.truth and (text := answer.getheader("X-Prediction-Id")):
            self.on_prediction(text, sample.truth)
        return answer.status

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
