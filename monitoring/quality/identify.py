"""From what a model answered to the id that says it: what every watched answer pays for, so it is kept cheap."""

from __future__ import annotations

import logging
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.quality.ids import Ids, Subject
from monitoring.reference import ReferenceInvalid
from monitoring.reference.outputs import CONFIDENCE, Outputs, is_distribution

log = logging.getLogger("monitoring.quality")

FEW = 64
"""Classes up to which Python is faster than NumPy for a single row."""

_TOLD_EVERY = 60.0
_SURE = 5e-4
_ONE = 0x3F800000
Array = np.ndarray[Any, np.dtype[Any]]


class Identifier:
    """Gives answers of one subject their ids."""

    def __init__(self, subject: Subject, secret: bytes = b"", clock: Callable[[], float] = time.time) -> None:
        reference = subject.reference
        if "outputs" not in reference.extraction:
            raise ReferenceInvalid(
                f"the reference of {subject.model!r} does not say how to read what the model answers"
            )
        self.ids = Ids(subject, secret, clock)
        self._outputs = Outputs.read(reference.extraction["outputs"], reference.classes)
        confidence = reference.confidence
        self._missing = len(subject.bins) - 1
        self._none = 255 if len(reference.classes) < 256 else 65535
        self._edges = np.array(confidence.edges if confidence is not None else (), np.float64)
        shares = self._outputs.kind == "probabilities" and confidence is not None
        self._width = len(reference.classes) if shares else 0
        self._steps = self._thresholds() if self._width else []
        self._told = -_TOLD_EVERY

    def __call__(self, *parts: Any) -> str | None:
        """The id of an answer of these rows; None, and a line in the log, where the reference cannot read them."""
        try:
            outputs = parts[0] if len(parts) == 1 else _joined(parts)
            if len(outputs) == 1 and self._width and isinstance(outputs, np.ndarray):
                return self._one(outputs)
            return self._many(outputs)
        except Exception as error:  # whatever it is, the answer is worth more than its id
            self._tell(error)
            return None

    def _one(self, outputs: Array) -> str:
        """A row of probabilities: its class and bin are found without calibrating anything."""
        row = outputs[0] if outputs.dtype == np.float32 else outputs[0].astype(np.float32)
        if row.ndim != 1 or len(row) != self._width or self._width > FEW:
            return self._many(outputs)
        shares = row.tolist()
        if not (min(shares) >= 0 and abs(sum(shares) - 1) < _SURE):
            return self._many(outputs)
        top = max(shares)
        return self.ids.write_one(shares.index(top), bisect_right(self._steps, top))

    def _many(self, outputs: Any) -> str:
        if self._width and isinstance(outputs, np.ndarray) and outputs.shape[1:] == (self._width,):
            shares = np.asarray(outputs, np.float32)
            if is_distribution(shares):
                raw = shares.max(axis=1)
                if not np.isnan(raw).any():
                    return self.ids.write(shares.argmax(axis=1), np.searchsorted(self._steps, raw, side="right"))
        answers = self._outputs(outputs)
        if answers.classes is None:
            raise ReferenceInvalid(f"outputs of the kind {self._outputs.kind!r} have no classes")
        known = (answers.classes >= 0) & (answers.classes < len(self._outputs.classes))
        classes = np.where(known, answers.classes, self._none)
        return self.ids.write(classes, self._bins(answers.numbers.get(CONFIDENCE), len(classes)))

    def _bins(self, confidence: Array | None, rows: int) -> NDArray[np.intp]:
        if confidence is None:
            return np.full(rows, self._missing)
        return np.where(np.isnan(confidence), self._missing, np.searchsorted(self._edges, confidence, side="left"))

    def _thresholds(self) -> list[float]:
        """For each edge of the calibrated confidence the least uncalibrated one, of float32, that is above it.

        Calibration never falls, and the floats of 0 to 1 have the order of their bits: so it is found by halving.
        """
        low, high = np.zeros(len(self._edges), np.int64), np.full(len(self._edges), _ONE + 1, np.int64)
        while (low < high).any():
            middle = (low + high) // 2
            above = self._calibrated(middle) > self._edges
            low, high = np.where(above, low, middle + 1), np.where(above, middle, high)
            high = np.maximum(low, high)
        steps = low.astype(np.int32).view(np.float32).astype(np.float64)
        return [step if bits <= _ONE else np.inf for step, bits in zip(steps.tolist(), low.tolist(), strict=True)]

    def _calibrated(self, bits: NDArray[np.int64]) -> Array:
        raw = np.minimum(bits, _ONE).astype(np.int32).view(np.float32)
        return np.asarray(self._outputs.calibrated(raw), np.float64)

    def _tell(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._told >= _TOLD_EVERY:
            self._told = now
            log.warning("answers of %s have no X-Prediction-Id: %s", self.ids.subject.model, error, exc_info=error)


def _joined(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [row for part in parts for row in part]
