"""Which part of an answer is watched, where it holds more than the model's outputs: `outputs=` of @api and @batched."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from monitoring.reference import Reference, ReferenceInvalid
from monitoring.reference.outputs import Outputs as Reading
from serving.errors import ServiceInvalid

Part = str | Callable[[Any], Any]
Outputs = Part | tuple[Part, Part] | None
"""What `outputs=` takes: a key or attribute, a function of an answer, or two of these: the class and its confidence."""

_TAKEN = (
    "it is a key or attribute of each answer, a function of it, or a pair of these for the predicted class and its "
    "confidence, as in outputs=('label', 'confidence')"
)
_BELOW = 1 - 1e-6
Array = np.ndarray[Any, np.dtype[Any]]


def check(where: str, outputs: Any, watch: str, answer: Any = Any) -> Outputs:
    """What was declared, if it can be; `answer` is the annotation of what the method answers."""
    if outputs is None:
        return None
    wanted = f"{where} has outputs={outputs!r}"
    parts = outputs if isinstance(outputs, tuple) else (outputs,)
    fits = len(parts) == 2 if isinstance(outputs, tuple) else True
    if not fits or not all((isinstance(part, str) and part) or callable(part) for part in parts):
        raise ServiceInvalid(wanted, _TAKEN)
    if not watch:
        raise ServiceInvalid(f"{wanted} and is not watched", "add watch=True")
    known, named = _names(answer), [part for part in parts if isinstance(part, str)]
    if known and (missing := [part for part in named if part not in known]):
        raise ServiceInvalid(f"{wanted}, and its answers have no {missing[0]!r}", f"they have {', '.join(known)}")
    if named and _whole(answer):
        raise ServiceInvalid(
            f"{wanted}, and its answers have no parts with names: they are {_shown(answer)}",
            f"leave outputs={outputs!r} out: an answer is watched as a whole; or give a function of it",
        )
    return typing.cast(Outputs, outputs)


class Unread:
    """In place of outputs that could not be found: who counts rows says why, and counts them as failed."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __array__(self, *args: Any, **options: Any) -> Array:
        raise ReferenceInvalid(self._why)

    tolist = __array__


class Reader:
    """Finds in a method's answers what its model's reference was learnt from."""

    def __init__(self, outputs: Outputs, reference: Reference, where: str = "") -> None:
        self._outputs = outputs
        spec = reference.extraction.get("outputs")
        self._reading = Reading.read(spec, reference.classes) if spec else None
        if isinstance(outputs, tuple) and self._reading is not None and self._reading.kind == "numbers":
            raise ServiceInvalid(
                f"{where} has outputs={outputs!r}, and its model's reference has numbers, not classes",
                "name the one part that is the number, as in outputs='price'",
            )

    def __call__(self, answer: Any, rows: bool = True) -> Any:
        """The outputs of an answer, a row for each of its rows; `rows=False` says that it is one row as a whole."""
        if self._reading is None:
            return None
        try:
            return self._read(answer, rows)
        except ReferenceInvalid as error:
            return Unread(str(error))
        except Exception as error:  # the message of what others raise may quote the answer
            return Unread(f"outputs={self._outputs!r} found nothing in an answer: {type(error).__name__}")

    def _read(self, answer: Any, rows: bool) -> Any:
        if not isinstance(self._outputs, tuple):
            return self._typed(pick(self._outputs, answer, rows))
        classes, confidences = (pick(part, answer, rows) for part in self._outputs)
        if self._reading is None or self._reading.kind == "classes":
            return list(classes)
        return _shares(self._reading, classes, confidences)

    def _typed(self, found: Any) -> Any:
        kept = isinstance(found, np.ndarray) or self._reading is None or self._reading.kind == "classes"
        return found if kept else np.asarray(found, np.float32)


def pick(part: Part | None, answer: Any, rows: bool = True) -> Any:
    """A part of an answer: of each of its rows, or of an answer as a whole, which then holds that of all rows."""
    if part is None:
        return answer if rows else [answer]
    if not rows:
        return [_of(part, answer)]
    if isinstance(answer, list | tuple | np.ndarray) and not hasattr(answer, "_fields"):
        return [_of(part, row) for row in answer]
    return _of(part, answer)


def _of(part: Part, answer: Any) -> Any:
    if not isinstance(part, str):
        return part(answer)
    return answer[part] if isinstance(answer, Mapping) else getattr(answer, part)


def _shares(reading: Reading, classes: Any, confidences: Any) -> Array:
    """Probabilities whose highest is the confidence, of that class: of the others nothing is watched."""
    index, sure = reading.indexes(classes), np.asarray(confidences, np.float32)
    many = len(reading.classes)
    if len(index) != len(sure):
        raise ReferenceInvalid(f"an answer has {len(index)} classes and {len(sure)} confidences")
    if (index >= many).any():
        raise ReferenceInvalid(f"an answer's class is none of the reference's {many}")
    if not ((index < 0) | ((sure >= 1 / many - 1e-6) & (sure <= 1))).all():
        raise ReferenceInvalid(f"an answer's confidence is not in 1/{many} to 1: it is the probability of its class")
    shares = np.repeat((1 - sure)[:, None] / max(many - 1, 1) * _BELOW, many, axis=1).astype(np.float32)
    shares[np.arange(len(sure)), np.maximum(index, 0)] = sure
    shares[index < 0] = np.nan
    return shares[:, 1] if reading.kind == "probability" else shares


def _row_of(answer: Any) -> Any:
    """What the rows of an answer are, where it is a list of them."""
    return next(iter(typing.get_args(answer)), Any) if typing.get_origin(answer) in (list, tuple) else answer


def _whole(answer: Any) -> bool:
    """Whether an answer, or each of its rows, is numbers or text, and nothing that has a name."""
    row = _row_of(_row_of(answer))
    return row in (int, float, bool, str, bytes) or np.ndarray in (row, typing.get_origin(row))


def _shown(answer: Any) -> str:
    return answer.__name__ if isinstance(answer, type) else str(answer)


def _names(answer: Any) -> tuple[str, ...]:
    """The parts of what a method answers, or of its rows, as far as its annotation tells them."""
    answer = _row_of(answer)
    if typing.is_typeddict(answer):
        return tuple(answer.__annotations__)
    if dataclasses.is_dataclass(answer):
        return tuple(field.name for field in dataclasses.fields(answer))
    return tuple(getattr(answer, "model_fields", ()))
