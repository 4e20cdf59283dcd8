"""What a worker has in place of a batcher: it sends requests to the runner that has the fewest of its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from serving.batcher import Series
from serving.deadlines import deadline_now
from serving.errors import QueueFull, ServewatchError
from serving.processes.errors import RunnerDown
from serving.processes.link import Link, Sent
from serving.service import RunnerSpec

PATIENCE = 10.0
"""Seconds that a request which may be sent again waits for a runner that comes back."""

_HELP = "try again in a second: it is being restarted; GET /readyz tells when it is there"


class Links:
    """The runners that a worker can reach, and what waits for one that comes back."""

    def __init__(self) -> None:
        self.by_runner: dict[int, Link] = {}
        self.reached = asyncio.Event()
        """A runner was there once."""
        self._parked: list[Sent] = []

    def __bool__(self) -> bool:
        return bool(self.by_runner)

    def __iter__(self) -> Iterator[Link]:
        return iter(self.by_runner.values())

    def best(self, queue: int) -> Link | None:
        """The runner that has the fewest rows of this worker in hand, of those whose queue has room if there are."""
        links = self.by_runner.values()
        if len(links) == 1:
            return next(iter(links))
        return min(links, key=lambda link: (link.board.read(queue)[0] > 0, link.rows), default=None)

    def waiting(self, queue: int) -> tuple[int, int]:
        """Where all runners' queues are full, the rows that wait in them and when the first has room; else (0, 0)."""
        told = [link.board.read(queue) for link in self.by_runner.values()]
        if not told or not all(rows for rows, _ in told):
            return 0, 0
        return sum(rows for rows, _ in told), min(seconds for _, seconds in told)

    def add(self, link: Link) -> None:
        """A runner is there: what waited for one goes to it."""
        self.reached.set()
        self.by_runner[link.runner] = link
        parked, self._parked = self._parked, []
        for sent in parked:
            self.hand_over(sent)

    def lost(self, link: Link) -> None:
        """A runner is gone: what it had goes to another where that is safe, else its client is told."""
        if self.by_runner.get(link.runner) is link:
            del self.by_runner[link.runner]
        for sent in link.abandon():
            if sent.future.done():
                continue
            if sent.again:
                sent.again = False
                self.hand_over(sent)
            else:
                sent.feed.died(sent)

    def hand_over(self, sent: Sent) -> None:
        """Send it, or keep it until there is a runner."""
        link = self.best(sent.feed.index)
        if sent.future.done():
            return
        if link is None:
            self._parked.append(sent)
            asyncio.get_running_loop().call_later(PATIENCE, self._give_up, sent)
            return
        try:
            link.send(sent)
        except ServewatchError as error:
            sent.future.set_exception(error)

    def _give_up(self, sent: Sent) -> None:
        if sent in self._parked:
            self._parked.remove(sent)
            if not sent.future.done():
                sent.feed.died(sent)


class RemoteRunner:
    """What the app and the lifecycle ask of a runner."""

    def __init__(self, spec: RunnerSpec, links: Links) -> None:
        self.name, self.batch = spec.name, spec.batch
        self._links = links

    @property
    def alive(self) -> bool:
        """Whether any runner process lives."""
        return bool(self._links)

    def close(self) -> None:
        """The runner's process ends by itself."""


class RemoteBatcher:
    """One runner's queue as a worker sees it; the queue itself is in the runner's process."""

    def __init__(self, index: int, spec: RunnerSpec, links: Links, series: Series) -> None:
        self.runner = RemoteRunner(spec, links)
        self.draining = False
        self.index, self.spec = index, spec
        self.row_bytes = 0.0
        self._links, self._series = links, series
        self._loop = asyncio.get_running_loop()

    def full(self, coming: int = 0) -> bool:
        """Whether a request would be turned away: where no runner lives, and where the queues of all are full."""
        return not self._links or self._links.waiting(self.index) != (0, 0)

    def shed(self, rows: int) -> ServewatchError:
        """Count a request that is turned away."""
        self._series.requests["shed"].inc()
        if not self._links:
            return RunnerDown(f"no runner is up that could take {rows} rows for {self.runner.name!r}", _HELP)
        waiting, soonest = self._links.waiting(self.index)
        seconds = max(1, soonest)
        error = QueueFull(
            f"as many rows wait for {self.runner.name!r} as may ({waiting}): there is no room for {rows} more",
            f"try again in {seconds} s; the service's owner may add replicas or raise SERVEWATCH_MAX_QUEUE_ROWS",
        )
        error.headers = {"retry-after": str(seconds)}
        return error

    def count_shed(self, requests: int) -> None:
        """Count more who are turned away with the same words."""
        self._series.requests["shed"].inc(requests)

    def submit(self, value: Any) -> asyncio.Future[Any]:
        """Send a request's rows to a runner; the future gets its answer."""
        rows = self._rows(value)
        link = self._links.best(self.index)
        if link is None or link.board.read(self.index)[0]:
            raise self.shed(rows)
        future = self._loop.create_future()
        pipe = None
        if self.spec.stream:
            *call, pipe = value
            value = tuple(call)
        sent = Sent(self, value, rows, future, deadline_now(), self.spec.batching.retry)
        if pipe is not None:
            sent.stream(pipe)
        link.send(sent)
        future.add_done_callback(sent.left)
        return future

    def _rows(self, value: Any) -> int:
        try:
            return len(value) if self.spec.batch else 1
        except TypeError:  # the runner says what is wrong with it
            return 1

    def died(self, sent: Sent) -> None:
        """The runner died with a request in hand, which may not be sent again."""
        self._series.requests["error"].inc()
        sent.future.set_exception(RunnerDown(f"the runner of {self.runner.name!r} died with the request", _HELP))
        sent.future.exception()  # whoever awaits it may have gone: then nobody looks at it

    def sweep_soon(self) -> None:
        """The runner's process looks after its queue."""

    def drain(self) -> None:
        """The runner's process is told by the master."""
        self.draining = True
