"""What waits to be counted: bounded in rows and in bytes, taken all at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

MOST_ROWS = 8192
MOST_BYTES = 64 * 1024 * 1024
TOGETHER = 128
"""Rows that small batches are joined to: a call costs little more than its rows then, and is over in no time."""


class Batch:
    """Rows that a model was given, and what it answered; held, not copied."""

    __slots__ = ("inputs", "outputs", "rows", "size")

    def __init__(self, inputs: Any, outputs: Any = None) -> None:
        self.inputs, self.outputs = inputs, outputs
        if type(inputs) is np.ndarray:
            self.rows, self.size = len(inputs) if inputs.ndim else 1, inputs.nbytes
        else:
            self.rows, self.size = _measure(inputs)

    def joins(self, other: Batch) -> bool:
        """Whether both can be counted as one."""
        return _alike(self.inputs, other.inputs) and _alike(self.outputs, other.outputs)

    @staticmethod
    def join(batches: Sequence[Batch]) -> Batch:
        """Several as one."""
        if len(batches) == 1:
            return batches[0]
        outputs = None if batches[0].outputs is None else np.concatenate([batch.outputs for batch in batches])
        return Batch(np.concatenate([batch.inputs for batch in batches]), outputs)


def _measure(inputs: Any) -> tuple[int, int]:
    """Rows and, as far as that can be seen at a glance, bytes."""
    try:
        if isinstance(inputs, Mapping):
            inputs = next(iter(inputs.values()), ())
        rows = int(inputs.num_rows) if hasattr(inputs, "num_rows") else len(inputs)
        first = inputs[0] if rows and isinstance(inputs, list | tuple) else inputs
        return rows, int(getattr(first, "nbytes", 0)) * (rows if first is not inputs else 1)
    except Exception:  # what has no length is said when it is counted
        return 1, 0


def _alike(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if type(one) is not np.ndarray or type(other) is not np.ndarray or not one.ndim or not other.ndim:
        return False
    return bool(one.shape[1:] == other.shape[1:] and one.dtype == other.dtype)


def together(batches: Sequence[Batch]) -> Iterator[list[Batch]]:
    """Neighbours that are counted as one."""
    held: list[Batch] = []
    rows = 0
    for batch in batches:
        if held and (rows + batch.rows > TOGETHER or not held[0].joins(batch)):
            yield held
            held, rows = [], 0
        held.append(batch)
        rows += batch.rows
    if held:
        yield held


class Heap:
    """Many threads put, one takes."""

    def __init__(self, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES) -> None:
        self._most_rows, self._most_bytes = most_rows, most_bytes
        self.closed = False
        self.renew()

    def renew(self) -> None:
        """Begin empty, with locks that nobody holds."""
        self._batches: list[Batch] = []
        self._rows = self._size = 0
        self._put = self._counted = 0
        self._lock = threading.Lock()
        self._some, self._enough = threading.Event(), threading.Event()
        self._done = threading.Condition(self._lock)

    def put(self, batch: Batch) -> bool:
        """Take it, unless there is no room beside what waits already; never waits for who counts."""
        with self._lock:
            rows, size = self._rows + batch.rows, self._size + batch.size
            if self.closed or (self._rows and (rows > self._most_rows or size > self._most_bytes)):
                return False
            self._rows, self._size = rows, size
            self._put += 1
            self._batches.append(batch)
            first = len(self._batches) == 1
        if first:
            self._some.set()
        if rows > self._most_rows // 2:
            self._enough.set()
        return True

    def take(self, gather: float) -> list[Batch] | None:
        """Wait for something, then a moment for more, and take all; None when it is closed and empty."""
        self._some.wait()
        if not self.closed:
            self._enough.wait(gather)
        with self._lock:
            batches, self._batches = self._batches, []
            self._enough.clear()
            if not self.closed:
                self._some.clear()
            return batches if batches or not self.closed else None

    def done(self, batches: Sequence[Batch]) -> None:
        """These are counted: there is room for others."""
        with self._lock:
            self._rows -= sum(batch.rows for batch in batches)
            self._size -= sum(batch.size for batch in batches)
            self._counted += len(batches)
            self._done.notify_all()

    def flush(self, seconds: float) -> bool:
        """Wait until all that was put before now is counted."""
        self._enough.set()
        with self._lock:
            until = self._put
            return self._done.wait_for(lambda: self._counted >= until, seconds)

    def close(self) -> None:
        """Take no more."""
        with self._lock:
            self.closed = True
        self._some.set()
        self._enough.set()
