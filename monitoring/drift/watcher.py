"""Counts live traffic into the reference's bins, on a thread of its own: who answers requests only hands rows over."""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from prometheus_client import REGISTRY
from prometheus_client.registry import CollectorRegistry

from monitoring.catalogue import drift
from monitoring.drift.binner import Binner
from monitoring.drift.board import board
from monitoring.drift.counts import Counts
from monitoring.drift.heap import Batch, Heap, together
from monitoring.drift.shared import SharedCounts
from monitoring.drift.watched import Watched
from monitoring.metrics import Metrics
from monitoring.reference import Extracted, Reference, ReferenceInvalid, extractor
from monitoring.sampling import Sampler

GATHER = 0.1
"""Seconds for which rows wait for others: answers go first, and many small batches cost little more than one."""

COMPLAIN_EVERY = 60.0
log = logging.getLogger("monitoring.drift")


class Watcher:
    """Counts one model's inputs and outputs, as its reference says. It never delays nor fails who calls `observe`.

    What is handed over is read a moment later: leave it as it is. `counts` are given where another process shows them;
    `shared` is a folder that all processes of a service name, each of which then shows what all have counted.
    """

    def __init__(
        self,
        reference: Reference,
        *,
        service: str = "",
        version: str = "",
        model: str = "",
        model_version: str = "",
        registry: CollectorRegistry = REGISTRY,
        counts: Counts | None = None,
        shared: Path | None = None,
        heap: Heap | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        labels = {"service": service, "version": version, "model": model, "model_version": model_version}
        watched = Watched(labels, reference)
        self.reference = reference
        self.name = model
        self.sampler: Sampler | None = None
        """Keeps some of the rows, where somebody asked for it."""
        self._extract = extractor(reference)
        self._binner = Binner(reference.features, self._extract.numbers, self._extract.categories)
        make = (lambda watched: SharedCounts(shared, watched)) if shared is not None else None
        self._counts = counts if counts is not None else board(registry).add(watched, make)
        metrics = Metrics(registry, labels)
        self._dropped, self._failed = metrics.counter(drift.DROPPED), metrics.counter(drift.FAILED)
        self._heap = heap or Heap()
        self._clock = clock
        self._complained, self._unsaid = float("-inf"), 0
        self._thread = self._start()
        forked = weakref.WeakMethod(self._forked)
        os.register_at_fork(after_in_child=lambda: (method := forked()) and method())

    def observe(self, inputs: Any, outputs: Any = None) -> None:
        """Hand over rows that the model was given, and what it answered: arrays, tables or lists, a row for each."""
        if not self._heap.put(batch := Batch(inputs, outputs)):
            self._dropped.inc(batch.rows)

    def flush(self, seconds: float = 10.0) -> bool:
        """Wait until all that was handed over is counted; False where that takes longer."""
        return self._heap.flush(seconds)

    def close(self, seconds: float = 2.0) -> None:
        """Count what was handed over, and end the thread; what comes later is dropped."""
        self._heap.close()
        self._thread.join(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._work, name=f"watching-{self.name}", daemon=True)
        thread.start()
        return thread

    def _forked(self) -> None:
        """A child has none of its parent's threads, and counts for itself."""
        if not self._heap.closed:
            self._heap.renew()
            self._counts.after_fork()
            self._thread = self._start()

    def _work(self) -> None:
        while (batches := self._heap.take(GATHER)) is not None:
            for joined in together(batches):
                self._count(joined)
                time.sleep(0)  # whoever waits for the interpreter, to answer, goes first
            self._heap.done(batches)
            del batches
        if self.sampler is not None:
            self.sampler.close()

    def _count(self, batches: list[Batch]) -> None:
        """Count batches as one; where that fails, each alone, so that a bad one takes no other along."""
        try:
            whole = Batch.join(batches)
            found = self._extract(whole.inputs, whole.outputs)
            counted = self._binner.count(found.numbers, found.codes)
        except Exception as error:  # whatever traffic holds, the thread lives on
            if len(batches) > 1:
                for batch in batches:
                    self._count([batch])
                return
            self._fail(batches[0], error)
            return
        self._counts.add(counted)
        if self.sampler is not None:
            self._sample(self.sampler, found)

    def _sample(self, sampler: Sampler, found: Extracted) -> None:
        try:
            sampler.take(found)
        except Exception as error:  # the rows are counted: a sample is not worth the thread
            self.sampler = None
            log.warning("rows of %r are logged no more: %s", self.name, type(error).__name__)

    def _fail(self, batch: Batch, error: Exception) -> None:
        self._failed.inc(batch.rows)
        self._unsaid += batch.rows
        now = self._clock()
        if now - self._complained >= COMPLAIN_EVERY:
            self._complained = now
            # Whatever others raise may quote the rows, which are nobody's to read.
            why = str(error) if isinstance(error, ReferenceInvalid) else type(error).__name__
            log.warning("%d rows of %r could not be watched, the last for: %s", self._unsaid, self.name, why)
            self._unsaid = 0
