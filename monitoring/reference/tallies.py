"""What a learner has seen of inputs and of outputs so far, in bounded memory."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from monitoring.reference import table
from monitoring.reference.feature import ReferenceInvalid
from monitoring.reference.inputs import Columns, Embeddings, Inputs, Pictures
from monitoring.reference.options import Options
from monitoring.reference.outputs import Answers, Kind, Outputs
from monitoring.reference.sketch import Frequent, Quantiles, Sample
from monitoring.reference.values import items, text_of

Array = np.ndarray[Any, np.dtype[Any]]
_CLASSES = 1000


def read_inputs(data: Any, options: Options) -> Inputs:
    """How data like this is read."""
    kind = options.inputs_are or ("images" if _looks_like_pictures(data) else "columns")
    if kind == "images":
        return Pictures.of(data)
    if kind == "embeddings":
        return Embeddings.of(data)
    served = table.names_of(data, options.names)
    _refuse_unknown(served, options)
    column = table.column_reader(data, served)
    watched = [name for name in served if name not in options.leave_out]
    numbers = [n for n in watched if n not in options.categories and table.is_numeric(n, column(n))]
    return Columns(served, numbers, [name for name in watched if name not in numbers], options.dtype)


def _looks_like_pictures(data: Any) -> bool:
    if isinstance(data, np.ndarray):
        return data.ndim > 2
    if isinstance(data, list | tuple) and data:
        return (np.ndim(data[0]) > 1) if isinstance(data[0], np.ndarray) else hasattr(data[0], "getbbox")
    return False


def _refuse_unknown(served: tuple[str, ...], options: Options) -> None:
    for option in ("categories", "leave_out"):
        if unknown := sorted(set(getattr(options, option)) - set(served)):
            raise ReferenceInvalid(f"{option} names {unknown[0]!r}, which is no column; there are {', '.join(served)}")


def _kind(outputs: Any, options: Options) -> Kind:
    """What outputs are that say nothing of themselves: rows of numbers have a number for each class."""
    array = np.asarray(outputs)
    if array.dtype.kind not in "fiub" or array.dtype.kind == "b":
        return "classes"
    if array.ndim > 1 and array.shape[1] > 1:
        return "probabilities"
    if array.dtype.kind == "f":
        return "probability" if options.classes else "numbers"
    return "classes"


class InputTally:
    """Summaries of each input, and a sample of whole rows."""

    def __init__(self, data: Any, options: Options) -> None:
        self.inputs = read_inputs(data, options)
        first = np.ascontiguousarray(self.inputs.read(table.head(data, 100))[1])
        self.seed = zlib.crc32(first.tobytes())
        self.numbers = {name: Quantiles(self.seed) for name in self.inputs.names}
        self.categories = {name: Frequent() for name in self.inputs.categories}
        self.sample = Sample(options.sample, self.seed)

    def add(self, data: Any, classes: Array | None) -> int:
        """Take in a chunk; how many rows it has is given back."""
        numbers, places = self.inputs.read(data)
        for place, tally in enumerate(self.numbers.values()):
            tally.add(numbers[:, place])
        if self.categories:
            column = self.inputs.column(data)
            for name, values in self.categories.items():
                found = column(name)
                values.add([None] * len(numbers) if found is None else found)
        self.sample.add(places, classes)
        return len(numbers)

    def merge(self, other: InputTally, places: Callable[[Array], Array] | None) -> None:
        """Take in what another has of the same inputs; `places` are its classes' indexes here."""
        mine, theirs = (self.inputs.plain(), *self.numbers), (other.inputs.plain(), *other.numbers)
        if mine != theirs:
            raise ReferenceInvalid(f"learners of different inputs cannot be merged: {mine} and {theirs}")
        for name, tally in self.numbers.items():
            tally.merge(other.numbers[name])
        for name, values in self.categories.items():
            values.merge(other.categories[name])
        self.sample.merge(other.sample, places)


class OutputTally:
    """Summaries of the outputs, and of which of them were right."""

    def __init__(self, outputs: Any, options: Options) -> None:
        self.kind: Kind = options.outputs_are or _kind(outputs, options)
        self._named = bool(options.classes)
        width = 1 if self.kind == "classes" else np.asarray(outputs).reshape(len(outputs), -1).shape[1]
        self.outputs = Outputs(self.kind, self._classes(outputs, options, width), width=width)
        self.numbers = {name: Quantiles() for name in self.outputs.names}
        self.classes: Counter[str | None] = Counter()
        self.unknown = 0
        self.right, self.wrong = Quantiles(), Quantiles()

    def _classes(self, outputs: Any, options: Options, width: int) -> tuple[str, ...]:
        if self.kind == "numbers":
            return ()
        classes = tuple(map(str, options.classes))
        wanted = {"probabilities": width, "probability": 2}.get(self.kind, len(classes))
        if classes and len(classes) != wanted:
            raise ReferenceInvalid(f"{wanted} probabilities for each row, and {len(classes)} classes: {classes}")
        return classes or tuple(map(str, range(wanted)))

    def add(self, outputs: Any, labels: Any) -> Answers:
        """Take in a chunk's outputs and, where they are known, the right ones."""
        if self.kind == "classes" and not self._named:
            self._learn_classes(outputs)
        answers = self.outputs(outputs)
        for name, column in answers.numbers.items():
            self.numbers[name].add(column)
        if answers.classes is not None:
            self._count(answers.classes)
        if labels is not None:
            self._judge(answers, labels)
        return answers

    def _count(self, classes: Array) -> None:
        names = (*self.outputs.classes, None)
        unknown = classes == len(self.outputs.classes)
        self.unknown += int(unknown.sum())
        for index, count in zip(*np.unique(classes[~unknown], return_counts=True), strict=True):
            self.classes[names[index]] += int(count)

    def _learn_classes(self, outputs: Any) -> None:
        known = dict.fromkeys(self.outputs.classes)
        known |= dict.fromkeys(text for text in map(text_of, items(outputs)) if text is not None)
        if len(known) > _CLASSES:
            raise ReferenceInvalid(
                f"the outputs have over {_CLASSES} different values: say outputs_are='numbers' if they are numbers"
            )
        self.outputs = Outputs("classes", tuple(known))

    def _judge(self, answers: Answers, labels: Any) -> None:
        if answers.classes is None:
            raise ReferenceInvalid("labels say which class is right, and these outputs are numbers: leave them out")
        wanted = self.outputs.indexes(labels)
        if len(wanted) != len(answers.classes):
            raise ReferenceInvalid(f"{len(answers.classes)} outputs and {len(wanted)} labels: there is one for each")
        if len(wanted) and (wanted == len(self.outputs.classes)).all() and self.kind != "classes":
            raise ReferenceInvalid(
                f"no label is a class: {items(labels)[0]!r} is not one of {', '.join(self.outputs.classes[:20])}; "
                f"name them with classes=(...)"
            )
        if answers.raw is not None:
            known = wanted >= 0
            right = wanted == answers.classes
            self.right.add(answers.raw[known & right])
            self.wrong.add(answers.raw[known & ~right])

    def merge(self, other: OutputTally) -> Callable[[Array], Array]:
        """Take in what another has; given back is what its classes' indexes are here."""
        if (self.kind, self.outputs.width) != (other.kind, other.outputs.width):
            raise ReferenceInvalid(f"learners of {self.kind} and of {other.kind} outputs cannot be merged")
        known = dict.fromkeys((*self.outputs.classes, *other.outputs.classes))
        if len(known) > len(self.outputs.classes) and (self._named or self.kind != "classes"):
            raise ReferenceInvalid(f"learners of different classes cannot be merged: {self.outputs.classes} and others")
        self.outputs = Outputs(self.kind, tuple(known), width=self.outputs.width)
        for name, tally in self.numbers.items():
            tally.merge(other.numbers[name])
        self.classes.update(other.classes)
        self.unknown += other.unknown
        self.right.merge(other.right)
        self.wrong.merge(other.wrong)
        places = np.array([*map(list(known).index, other.outputs.classes), len(known), -1])
        return lambda classes: places[classes]
