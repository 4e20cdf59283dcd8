"""Learns the reference of a model in the store: its inputs from a file, its outputs by running it on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monitoring.reference import Learner, Reference, ReferenceInvalid, files, table
from monitoring.reference.learner import split
from serving.answers import pick
from serving.errors import ServewatchError, ServiceInvalid
from serving.loading import load_service
from serving.service import Batched

ROWS = 256
"""Rows that the model is run on at once."""

HELP = {
    "leave_out=": "give --leave-out COLUMN, once for each",
    "outputs_are=": "give --outputs-are",
    "classes=": "save the model with custom={'classes': [...]}",
}
"""What to type where a message names an argument of `learn`."""

Run = Callable[[Any], Any]


class LearningFailed(ServewatchError):
    """No reference could be learnt from the data."""

    code = "learning_failed"


def learn(path: Path, run: Run | None, outputs: str | None, labels: str | None, **options: Any) -> Reference:
    """Learn from a file; where no column has the outputs, `run` makes them. A chunk at a time is in memory."""
    try:
        learner = Learner(**options)
        said = learner.options
        for data, made, right in chunks(path, run, outputs, labels, text=said.categories, dtype=said.dtype):
            learner.add(data, made, right)
        return learner.reference()
    except ReferenceInvalid as error:
        help = next((told for argument, told in HELP.items() if argument in str(error)), "")
        raise LearningFailed(str(error), help) from None


def chunks(
    path: Path,
    run: Run | None,
    outputs: str | None,
    labels: str | None,
    *,
    text: Sequence[str] = (),
    dtype: str = "float32",
) -> Iterator[tuple[Any, Any, Any]]:
    """The file's inputs, outputs and labels, a chunk at a time."""
    for chunk in files.chunks(path, text=text):
        data, made, right = split(chunk, outputs, labels)
        if made is None and run is not None:
            made = _outputs(run, rows_for(data, dtype))
        yield data, made, right


def _outputs(run: Run, rows: Any) -> Any:
    parts = [run(rows[start : start + ROWS]) for start in range(0, len(rows), ROWS)]
    if parts and isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [answer for part in parts for answer in part]


def rows_for(data: Any, dtype: str) -> Any:
    """Data as a model takes it: an array as it is, a table as an array of its columns."""
    if isinstance(data, np.ndarray):
        return data if data.dtype.kind != "f" else data.astype(dtype, copy=False)
    names = table.names_of(data)
    column = table.column_reader(data, names)
    texts = [name for name in names if not table.is_numeric(name, column(name))]
    if texts:
        raise LearningFailed(
            f"the model cannot be run on the column {texts[0]!r}, which holds no numbers",
            "give --service MODULE:NAME, whose batched method is given columns, or --outputs COLUMN",
        )
    return np.stack([table.numbers(column(name), np.dtype(dtype)) for name in names], axis=1)


def of_service(target: str, method: str | None) -> Run:
    """Runs a batched method of a service, so that what is learnt is what it answers."""
    cls = load_service(target)
    batched: Mapping[str, Any] = {name: found for name, found in vars(cls).items() if isinstance(found, Batched)}
    if method is None and len(batched) == 1:
        (method,) = batched
    if method is None or method not in batched:
        raise ServiceInvalid(
            f"{target} has no batched method {method!r}" if method else f"{target} has {len(batched)} batched methods",
            f"--method NAME, one of: {', '.join(batched)}" if batched else "give --outputs COLUMN",
        )
    service, function, part = cls(), batched[method].function, batched[method].batching.outputs
    if isinstance(part, tuple):
        raise ServiceInvalid(
            f"{method!r} of {target} answers a class and its confidence; a reference is learnt from probabilities",
            "leave --service out, where the model itself answers them, or give --outputs COLUMN",
        )
    return lambda rows: function(service, rows) if part is None else pick(part, function(service, rows))
