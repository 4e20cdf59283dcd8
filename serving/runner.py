"""The runner: threads that call the user's model, one batch at a time, and the only place that times it."""

from __future__ import annotations

import asyncio
import inspect
import logging
import math
import threading
import time
from asyncio import Future
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np

from monitoring.articles import a
from monitoring.metrics import Observer
from serving.errors import RunnerFailed, ServewatchError
from serving.tracks import Track, about, around, begin_thread
from serving.unwritten import hint

log = logging.getLogger("serving.runner")


@dataclass(slots=True)
class Job:
    """One request's part of a batch."""

    value: Any
    rows: int
    future: Future[Any]
    queued: float
    result: Any = None
    error: Exception | None = None
    deadline: float = math.inf
    track: Track | None = None


def join(values: list[Any]) -> Any:
    """The rows of several arrays, or of several lists, as one."""
    if len(values) == 1:
        return values[0]
    if isinstance(values[0], np.ndarray):
        return np.concatenate(values)
    return [row for value in values for row in value]


def _length(answer: Any) -> int | None:
    try:
        return len(answer)
    except TypeError:  # an array of no axes has __len__, and raises all the same
        return None


def odd_rows(name: str, given: int, answer: Any) -> RunnerFailed:
    """The error for an answer that has not a row for each that was given."""
    count = _length(answer)
    came = a(type(answer).__name__) if count is None else f"{count} rows"
    return RunnerFailed(f"{name!r} was given {given} rows and answered {came}", "answer a row for each")


def check_rows(name: str, given: Any, answer: Any) -> None:
    """Refuse such an answer, where nobody waits for its parts."""
    if _length(answer) != _length(given):
        raise odd_rows(name, _length(given) or 0, answer)


Finished = Callable[[list[Job]], None]


class Runner:
    """Runs one function. With `batch`, its argument is the rows of many requests, joined along the first axis.

    Each thread calls `begin` before it serves.
    """

    def __init__(
        self,
        name: str,
        function: Callable[[Any], Any],
        duration: Observer,
        *,
        batch: bool = True,
        threads: int = 1,
        clock: Callable[[], float] = time.perf_counter,
        begin: Callable[[], object] | None = None,
    ) -> None:
        self.name = name
        self.function = function
        self.batch = batch
        self.threads = threads
        self._duration = duration
        self._clock = clock
        self._begin = begin
        self._work: SimpleQueue[tuple[list[Job], Finished] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._serve, name=f"{name}-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    def rows(self, value: Any) -> int:
        """How many rows a request has."""
        if not self.batch:
            return 1
        try:
            return len(value)
        except TypeError:
            lacks = "await it before" if inspect.isawaitable(value) else "pass value[None]"
            told = f"{self.name!r} takes rows (an array or a list), got {type(value).__name__}"
            log.error("%s: %s", told, lacks)
            raise RunnerFailed(told, lacks) from None

    def start(self, batch: list[Job], finished: Finished) -> None:
        """Hand a batch to a thread; `finished` is called on it when every job has its result or error."""
        self._work.put((batch, finished))

    def run(self, batch: list[Job]) -> None:
        """Run a batch on this thread, which has an event loop: the function need not know."""
        loop = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            self._run(batch)
        finally:
            asyncio._set_running_loop(loop)

    @property
    def alive(self) -> bool:
        """Whether its threads live."""
        return all(thread.is_alive() for thread in self._threads)

    def close(self, seconds: float = 1.0) -> None:
        """End the threads when they have done what was handed to them; one that hangs is left behind."""
        for _ in self._threads:
            self._work.put(None)
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _serve(self) -> None:
        begin_thread()
        if self._begin is not None:
            self._begin()
        while (work := self._work.get()) is not None:
            batch, finished = work
            self._run(batch)
            finished(batch)
            del work, batch

    def _run(self, batch: list[Job]) -> None:
        """Run the jobs as one batch; where that fails, each alone, so that a bad row fails its own request only."""
        try:
            for job, result in zip(batch, self._call(batch), strict=True):
                job.result = result
        except BaseException as error:  # not even SystemExit may end the thread: requests would wait for ever
            if len(batch) == 1:
                with about(batch[0].track):
                    batch[0].error = self._explain(error)
                return
            for job in batch:
                self._run([job])

    def _call(self, batch: list[Job]) -> list[Any]:
        values = [job.value for job in batch]
        if not self.batch:
            return [self._timed(values[0], batch)]
        rows = join(values)
        answer = self._timed(rows, batch)
        if _length(answer) != len(rows):
            raise odd_rows(self.name, len(rows), answer)
        parts, start = [], 0
        for value in values:
            parts.append(answer[start : start + len(value)])
            start += len(value)
        return parts

    def _timed(self, argument: Any, batch: list[Job]) -> Any:
        start = self._clock()
        try:
            with around(self.name, batch):
                return self.function(argument)
        finally:
            self._duration.observe(self._clock() - start)

    def _explain(self, error: BaseException) -> Exception:
        """Errors of ours go to the client as they are; of others it learns the class, the log everything."""
        if isinstance(error, ServewatchError):
            if isinstance(error, RunnerFailed):
                log.error("%s", error.message)
            return error.with_traceback(None)  # it would hold the batch that holds it
        log.error("%s failed on a request of its own%s", self.name, hint(error), exc_info=error)
        return RunnerFailed(f"{self.name!r} failed: {type(error).__name__}", "the service's log has the traceback")
