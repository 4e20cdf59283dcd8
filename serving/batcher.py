"""The queue before a runner, and the loop that forms batches of it.

The wait adapts by itself: while the runner is busy, requests gather; as soon as it is free, a batch goes
when an iteration of the event loop has brought no further request (there is nobody to wait for), when the
batch is full, or when the oldest request has waited for `max_wait`. So an idle service answers at once, and
a loaded one fills its batches with what was there to be read anyway.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from monitoring import Metrics
from monitoring.catalogue import batching
from serving.brevity import Brevity
from serving.deadlines import deadline_now
from serving.errors import DeadlinePassed, QueueFull
from serving.pace import Pace
from serving.runner import Job, Runner, join
from serving.tracks import step_now

Reason = Literal["full", "timeout", "idle", "drain"]
REASONS: tuple[Reason, ...] = ("full", "timeout", "idle", "drain")
OUTCOMES = ("ok", "error", "invalid", "shed", "cancelled", "expired")
SWEEP_INTERVAL = 0.05
SOON = 0.001
"""A call of less seconds than this is over before company that it did not wait for would mind."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a batch may be, how long its oldest request may wait for a free runner, how many rows may queue."""

    max_rows: int = 64
    max_wait: float = 0.01
    max_queue_rows: int = 1024


def decide(rows: int, age: float, arriving: bool, draining: bool, limits: Limits) -> Reason | None:
    """Whether a free runner should take what is queued, and why; None is: wait one iteration more."""
    if rows == 0:
        return None
    if draining:
        return "drain"
    if rows >= limits.max_rows:
        return "full"
    if age >= limits.max_wait:
        return "timeout"
    return None if arriving else "idle"


class Series:
    """The metrics of one runner, bound once: whoever makes this has them exposed at 0."""

    def __init__(self, metrics: Metrics, runner: str) -> None:
        self.requests = {o: metrics.counter(batching.REQUESTS, runner=runner, outcome=o) for o in OUTCOMES}
        self.dispatches = {r: metrics.counter(batching.DISPATCHES, runner=runner, reason=r) for r in REASONS}
        self.batch_size = metrics.histogram(batching.BATCH_SIZE, runner=runner)
        self.duration = metrics.histogram(batching.DURATION, runner=runner)
        self.queue_seconds = metrics.histogram(batching.QUEUE_SECONDS, runner=runner)
        self._queue_requests = metrics.gauge(batching.QUEUE_REQUESTS, runner=runner)
        self._running = metrics.gauge(batching.IN_PROGRESS, runner=runner)

    def follow(self, queued: Callable[[], float], running: Callable[[], float]) -> None:
        """Where a scrape finds how much waits and how much runs: a request need not tell."""
        self._queue_requests.set_function(queued)
        self._running.set_function(running)


class Batcher:
    """One runner's queue. Everything here happens on the event loop's thread."""

    def __init__(
        self, runner: Runner, limits: Limits, metrics: Metrics, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self.runner = runner
        self.limits = limits
        self.draining = False
        self.rows = 0
        self._queue: deque[Job] = deque()
        self._free = runner.threads
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._looking = False
        self._arrived = self._submitted = 0
        self._alone = False
        self._began = 0.0
        self._brevity = Brevity()
        self._swept = -math.inf
        self._sweeping = False
        self._pace = Pace()
        self._running = 0
        self._series = Series(metrics, runner.name)
        self._series.follow(lambda: len(self._queue), lambda: self._running)

    def submit(self, value: Any) -> asyncio.Future[Any]:
        """Queue a request's rows; the future gets its part of the batch's answer."""
        rows = self.runner.rows(value)
        if self._over(rows) and not self._make_room(rows):
            raise self.shed(rows)
        if rows > self.limits.max_rows:
            return asyncio.ensure_future(self._submit_parts(value, rows))
        return self._queue_up(value, rows)

    def _over(self, rows: int, coming: int = 0) -> bool:
        there = self.rows + coming
        return there > 0 and there + rows > self.limits.max_queue_rows

    @property
    def busy(self) -> int:
        """How many of the runner's threads work."""
        return self.runner.threads - self._free

    def full(self, coming: int = 0) -> bool:
        """Whether not even one row more may wait, behind so many that are on their way here."""
        limits = self.limits
        at_once = self._free * limits.max_rows if limits.max_rows <= limits.max_queue_rows else 0
        waiting = max(0, coming - at_once)
        return self._over(1, waiting) and not self._make_room(1, waiting)

    def shed(self, rows: int) -> QueueFull:
        """Count a request that is turned away, and tell it when the queue of now will have been served."""
        self._series.requests["shed"].inc()
        seconds = self._pace.seconds_for(self.rows, self._clock())
        error = QueueFull(
            f"{self.rows} rows wait for {self.runner.name!r}: {rows} more are over {self.limits.max_queue_rows}",
            f"try again in {seconds} s; the service's owner may add replicas or raise SERVEWATCH_MAX_QUEUE_ROWS",
        )
        error.headers = {"retry-after": str(seconds)}
        return error

    def count_shed(self, requests: int) -> None:
        """Count more who are turned away with the same words."""
        self._series.requests["shed"].inc(requests)

    def _make_room(self, rows: int, coming: int = 0) -> bool:
        """Look for those who have left, once in a while only: shedding must stay cheap."""
        if self._clock() - self._swept >= SWEEP_INTERVAL:
            self._sweep()
        return not self._over(rows, coming)

    def sweep_soon(self) -> None:
        """Some requests that wait have been given up: take them out of the queue."""
        if self._queue and not self._sweeping:
            self._sweeping = True
            self._loop.call_later(max(0.0, self._swept + SWEEP_INTERVAL - self._clock()), self._sweep)

    def _sweep(self) -> None:
        """Those who have left, or whose deadline has passed, hold no place."""
        self._sweeping = False
        self._swept = now = self._clock()
        kept: deque[Job] = deque()
        for job in self._queue:
            if job.future.done() or job.deadline <= now:
                self._drop(job, now)
            else:
                kept.append(job)
        self._queue = kept

    def _drop(self, job: Job, now: float) -> None:
        """Count a request that is not run, and free its place."""
        self.rows -= job.rows
        self._count_lost(job, now)
        if not job.future.done():
            job.future.set_exception(DeadlinePassed("the deadline passed while the request waited for the runner"))
            job.future.exception()  # whoever awaits it may be cancelled by that same deadline: then nobody looks at it

    def _count_lost(self, job: Job, now: float) -> None:
        self._series.requests["expired" if job.deadline <= now else "cancelled"].inc()

    async def _submit_parts(self, value: Any, rows: int) -> Any:
        """A request of more rows than a batch may have goes in parts, each of which is a request to the runner."""
        size = self.limits.max_rows
        parts = [value[start : start + size] for start in range(0, rows, size)]
        return join(await asyncio.gather(*(self._queue_up(part, len(part)) for part in parts)))

    def _queue_up(self, value: Any, rows: int) -> asyncio.Future[Any]:
        future, now = self._loop.create_future(), self._clock()
        job = Job(value, rows, future, now, deadline=deadline_now(), track=step_now(self.runner.batch))
        self._queue.append(job)
        self.rows += rows
        self._arrived += 1
        self._submitted += 1
        if self._free:
            company = not self._alone or rows < self.rows
            reason = decide(self.rows, 0.0, company, self.draining, self.limits)
            if reason is not None:  # full, or by itself as the one before: nobody need be waited for
                self._arrived = 0
                self._dispatch(reason)
        self._look_soon()
        return job.future

    def _look_soon(self) -> None:
        if not self._looking and self._free and self._queue:
            self._looking = True
            self._loop.call_soon(self._look)

    def _look(self) -> None:
        """Once an iteration of the loop, while a runner is free and something waits."""
        self._looking = False
        arriving, self._arrived = self._arrived > 0, 0
        while self._free and self._queue:
            age = self._clock() - self._queue[0].queued
            reason = decide(self.rows, age, arriving, self.draining, self.limits)
            if reason is None:
                self._look_soon()
                return
            self._dispatch(reason)

    def _dispatch(self, reason: Reason) -> None:
        now = self._clock()
        batch, rows = self._take(now)
        if not batch:
            return
        self._pace.begin(now)
        self._series.queue_seconds.observe_all([now - job.queued for job in batch])
        for job in batch:
            if job.track is not None:
                job.track.queued(self.runner.name, job.rows, now - job.queued, rows)
        self._series.batch_size.observe(rows)
        self._series.dispatches[reason].inc()
        self._running += len(batch)
        self._free -= 1
        self._began = now
        if self._alone and self._brevity.sure and self.runner.batch:
            self.runner.run(batch)
            self._answer(batch)
        else:
            self.runner.start(batch, self._finished)

    def _take(self, now: float) -> tuple[list[Job], int]:
        """The oldest requests that fit a batch together; those that nobody waits for any more are dropped."""
        batch: list[Job] = []
        rows = 0
        while self._queue and (not batch or rows + self._queue[0].rows <= self.limits.max_rows):
            job = self._queue.popleft()
            if job.future.done() or job.deadline <= now:
                self._drop(job, now)
                continue
            self.rows -= job.rows
            batch.append(job)
            rows += job.rows
        return batch, rows

    def _finished(self, batch: list[Job]) -> None:
        """Called on the runner's thread: hand the answers over to the event loop's."""
        self._loop.call_soon_threadsafe(self._answer, batch)

    def _answer(self, batch: list[Job]) -> None:
        self._free += 1
        self._running -= len(batch)
        now = self._clock()
        self._alone = False
        if len(batch) == 1 and not self._queue:
            self._brevity.note(now - self._began)
            if now - self._began < SOON:
                self._loop.call_soon(self._after_one, self._submitted)
        self._pace.end(sum(job.rows for job in batch), now)
        answered = 0
        for job in batch:
            if job.future.done():
                self._count_lost(job, now)
            elif job.error is not None:
                outcome = getattr(job.error, "outcome", "error")
                self._series.requests[outcome if outcome in self._series.requests else "error"].inc()
                job.future.set_exception(job.error)
            else:
                answered += 1
                job.future.set_result(job.result)
        self._series.requests["ok"].inc(answered)
        self._look_soon()

    def _after_one(self, submitted: int) -> None:
        """A request came by itself if those whose bytes were there with its own have all had their turn by now."""
        self._alone = submitted == self._submitted

    def drain(self) -> None:
        """From here on a free runner takes whatever waits."""
        self.draining = True
        self._look_soon()
