"""Learns a reference from data: in one call, or chunk by chunk in memory that does not grow with the data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monitoring.reference import files, table
from monitoring.reference.feature import Feature, ReferenceInvalid
from monitoring.reference.findings import input_features, output_features
from monitoring.reference.options import Options
from monitoring.reference.profile import Reference
from monitoring.reference.tallies import InputTally, OutputTally


def learn(data: Any = None, outputs: Any = None, labels: Any = None, **options: Any) -> Reference:
    """Learn what live traffic is compared with: what a model is given and, with `outputs`, what it answers.

    `data` is a table of any kind, an array, pictures, or a path to .parquet, .csv, .npy or .npz. `outputs` are the
    model's own on this data, and `labels` the right ones; each may be the name of a column of the data. More can
    be said by the fields of `Options`.
    """
    learner = Learner(**options)
    if isinstance(data, str | Path):
        for chunk in files.chunks(Path(data), text=learner.options.categories):
            learner.add(chunk, outputs, labels)
    else:
        learner.add(data, outputs, labels)
    return learner.reference()


class Learner:
    """Takes in data in chunks. Two that saw different parts of it can be merged."""

    def __init__(self, **options: Any) -> None:
        self.options = Options.of(options)
        self._inputs: InputTally | None = None
        self._outputs: OutputTally | None = None
        self._rows = 0

    def add(self, data: Any = None, outputs: Any = None, labels: Any = None) -> None:
        """Take in a chunk: as with `learn`, but no path."""
        data, outputs, labels = split(data, outputs, labels)
        if data is None and outputs is None:
            raise ReferenceInvalid("nothing to learn from: give data, outputs or both")
        counts = {len(part) for part in (outputs, labels) if part is not None}
        if data is not None:
            counts.add(table.rows_of(data))
        if len(counts) > 1:
            raise ReferenceInvalid(f"data, outputs and labels have a row for each other, these have {sorted(counts)}")
        if counts == {0}:
            return
        self._see(data, outputs)
        answers = self._outputs.add(outputs, labels) if self._outputs is not None else None
        if self._inputs is not None:
            self._inputs.add(data, answers.classes if answers is not None else None)
        self._rows += counts.pop()

    def _see(self, data: Any, outputs: Any) -> None:
        if not self._rows:
            self._inputs = InputTally(data, self.options) if data is not None else None
            self._outputs = OutputTally(outputs, self.options) if outputs is not None else None
        if (data is None, outputs is None) != (self._inputs is None, self._outputs is None):
            raise ReferenceInvalid("every chunk has data, or none has; and the same for outputs")

    def merge(self, other: Learner) -> None:
        """Take in what another learner, with the same options, has learnt."""
        if not other._rows:
            return
        if not self._rows:
            self._inputs, self._outputs, self._rows = other._inputs, other._outputs, other._rows
            return
        mine, theirs = (self._inputs, self._outputs), (other._inputs, other._outputs)
        if [part is None for part in mine] != [part is None for part in theirs]:
            raise ReferenceInvalid("learners that are merged have both seen inputs, or neither; the same for outputs")
        places = None
        if self._outputs is not None and other._outputs is not None:
            places = self._outputs.merge(other._outputs)
        if self._inputs is not None and other._inputs is not None:
            self._inputs.merge(other._inputs, places)
        self._rows += other._rows

    def reference(self) -> Reference:
        """What was learnt so far."""
        if not self._rows:
            raise ReferenceInvalid("nothing was learnt: the data has no rows")
        extraction: dict[str, Any] = {}
        features: list[Feature] = []
        classes = self._outputs.outputs.classes if self._outputs is not None else ()
        if self._inputs is not None:
            features += input_features(self._inputs, len(classes), self.options, extraction)
        accuracy: tuple[float, ...] = ()
        if self._outputs is not None:
            found, accuracy = output_features(self._outputs, self.options, extraction)
            features += found
        created = self.options.now().isoformat(timespec="seconds")
        return Reference(tuple(features), extraction, accuracy, classes, created)


def split(data: Any, outputs: Any, labels: Any) -> tuple[Any, Any, Any]:
    """Take outputs and labels out of the data where they are named; a single column of arrays is the data itself."""
    named = [part for part in (outputs, labels) if isinstance(part, str)]
    if named:
        names = table.names_of(data)
        if unknown := [name for name in named if name not in names]:
            raise ReferenceInvalid(f"the data has no column {unknown[0]!r}; there are {', '.join(names)}")
        column = table.column_reader(data, names)
        outputs = column(outputs) if isinstance(outputs, str) else outputs
        labels = column(labels) if isinstance(labels, str) else labels
        data = {name: column(name) for name in names if name not in named}
    if isinstance(data, Mapping) and len(data) == 1:
        (alone,) = data.values()
        array = table.stacked(alone)
        data = data if array is None else array
    nothing_else = isinstance(data, Mapping) and not data
    return None if nothing_else else data, _plain(outputs), _plain(labels)


def _plain(part: Any) -> Any:
    """Columns of pandas and pyarrow as arrays."""
    if part is None or isinstance(part, list | tuple | np.ndarray):
        return part
    array = table.stacked(part)
    return array if array is not None else np.asarray(part)
