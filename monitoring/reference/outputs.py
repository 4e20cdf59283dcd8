"""What a model answered, whatever it answers: probabilities, logits, classes or numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from monitoring.reference.calibration import Calibration
from monitoring.reference.feature import ReferenceInvalid
from monitoring.reference.table import numbers
from monitoring.reference.values import items, label

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["probabilities", "probability", "classes", "numbers"]
KINDS: tuple[Kind, ...] = ("probabilities", "probability", "classes", "numbers")

CLASS, CONFIDENCE, PREDICTION = "predicted_class", "confidence", "prediction"
_SUM = 1e-3
FLOAT = np.dtype(np.float32)


@dataclass(frozen=True, slots=True)
class Answers:
    """What is watched of the answers: each row's class (its index, -1 for none), and numbers by their names."""

    classes: Array | None = None
    numbers: Mapping[str, Array] = field(default_factory=dict)
    raw: Array | None = None
    """Confidence before it was calibrated."""


class Outputs:
    """Reads answers of one kind."""

    def __init__(
        self, kind: Kind, classes: tuple[str, ...] = (), calibration: Calibration | None = None, width: int = 1
    ) -> None:
        if kind not in KINDS:
            raise ReferenceInvalid(f"outputs are {kind!r}; they are one of {', '.join(KINDS)}")
        self.kind, self.classes, self.calibration, self.width = kind, classes, calibration, width
        self._indexes = {label(text): index for index, text in enumerate(classes)}

    @classmethod
    def read(cls, plain: Mapping[str, Any], classes: tuple[str, ...]) -> Outputs:
        """From the reference's extraction."""
        calibration = Calibration.read(plain["calibration"]) if "calibration" in plain else None
        return cls(plain["kind"], classes, calibration, plain.get("width", 1))

    def plain(self) -> dict[str, Any]:
        """For the reference's extraction."""
        found: dict[str, Any] = {"kind": self.kind}
        if self.kind == "numbers":
            found["width"] = self.width
        return found | ({"calibration": self.calibration.plain()} if self.calibration else {})

    @property
    def names(self) -> tuple[str, ...]:
        """The numbers that it gives."""
        if self.kind == "numbers":
            return (PREDICTION,) if self.width == 1 else tuple(f"{PREDICTION}_{i}" for i in range(self.width))
        return () if self.kind == "classes" else (CONFIDENCE,)

    def __call__(self, outputs: Any) -> Answers:
        """What is watched of these answers."""
        if self.kind == "classes":
            return Answers(self.indexes(outputs))
        if self.kind == "numbers":
            return Answers(None, self._numbers(outputs))
        shares = self._shares(outputs)
        raw, index = shares.max(axis=1), shares.argmax(axis=1)
        index[np.isnan(raw)] = -1
        return Answers(index, {CONFIDENCE: self.calibrated(raw)}, raw)

    def calibrated(self, raw: Array) -> Array:
        """The share of right answers that goes with these confidences."""
        return raw if self.calibration is None else self.calibration(raw).astype(FLOAT)

    def indexes(self, labels: Any) -> Array:
        """The index of each label among the classes; -1 for a missing one, as many as there are for an unknown one.

        A label is a class's name or, where no class has it, its index.
        """
        return np.array([self._index(value) for value in items(labels)], dtype=np.intp)

    def _index(self, value: Any) -> int:
        text = label(value)
        if text is None:
            return -1
        if (index := self._indexes.get(text)) is not None:
            return index
        many = len(self.classes)
        return min(int(text), many) if text.isascii() and text.isdigit() and len(text) < 10 else many

    def _numbers(self, outputs: Any) -> dict[str, Array]:
        found = numbers(outputs, FLOAT)
        found = found.reshape(len(found), -1)
        if found.shape[1] != self.width:
            raise ReferenceInvalid(f"the reference has {self.width} numbers for each row, these are {found.shape[1]}")
        return {name: found[:, place] for place, name in enumerate(self.names)}

    def _shares(self, outputs: Any) -> Array:
        found = np.asarray(outputs, dtype=np.float32)
        if self.kind == "probability":
            found = found.reshape(len(found))
            return np.stack((1 - found, found), axis=1)
        if found.ndim != 2 or found.shape[1] != len(self.classes):
            raise ReferenceInvalid(f"the reference has {len(self.classes)} classes, these answers are {found.shape}")
        return found if is_distribution(found) else softmax(found)


def is_distribution(rows: Array) -> bool:
    """Whether rows are probabilities, and not logits; rows of NaN are either."""
    whole = rows.sum(axis=1)
    return bool(not (rows < 0).any() and not (np.abs(whole - 1) > _SUM).any())


def softmax(logits: Array) -> Array:
    """Probabilities of logits."""
    with np.errstate(invalid="ignore"):
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
