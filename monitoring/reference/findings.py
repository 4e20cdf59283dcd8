"""What a learner found, as the features of a reference, and how they are made again of live traffic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from monitoring.reference.binning import category, ordered
from monitoring.reference.calibration import Calibration
from monitoring.reference.feature import Feature, ReferenceInvalid
from monitoring.reference.options import Options
from monitoring.reference.outputs import CLASS, CONFIDENCE
from monitoring.reference.sketch import Quantiles, Sample
from monitoring.reference.space import CLASS_DISTANCE, Space, steady
from monitoring.reference.tallies import InputTally, OutputTally
from monitoring.reference.values import label

Array = np.ndarray[Any, np.dtype[Any]]

_LEAST_ROWS = 50
_FOLDS = 10
_ALL_CLASSES = 50
_FLOAT = np.dtype(np.float32)


def input_features(tally: InputTally, classes: int, options: Options, extraction: dict[str, Any]) -> list[Feature]:
    """A feature for each input, and for what is measured of whole rows; `extraction` learns how they are made."""
    inputs = tally.inputs
    extraction["inputs"] = inputs.plain()
    found = [ordered(name, "input", numbers, options.bins, inputs.dtype) for name, numbers in tally.numbers.items()]
    measured = [name for name in inputs.measured if classes or name != CLASS_DISTANCE]
    if taken := sorted(set(measured) & set(inputs.names)):
        raise ReferenceInvalid(f"a column is called {taken[0]!r}, as what is measured of whole rows: rename it")
    sample = tally.sample
    means = classes if CLASS_DISTANCE in measured else 0
    if sample.rows is not None and len(sample.rows) >= _LEAST_ROWS and sample.rows.shape[1] > 1:
        each = extraction["inputs"]["kind"] == "columns"
        extraction["space"] = Space.fit(sample.rows, sample.classes, means, each=each).plain()
        found += _measured(sample, measured, means, options, each=each)
    return found + _categories(tally, options)


def _measured(sample: Sample, names: Sequence[str], classes: int, options: Options, *, each: bool) -> list[Feature]:
    """Each tenth of the sample is measured in the space of the others, as rows are that were never learnt from."""
    columns = {name: Quantiles() for name in names}
    rows = np.asarray(sample.rows)
    for fold in range(_FOLDS):
        held = np.arange(len(rows)) % _FOLDS == fold
        space = Space.fit(rows[~held], sample.classes[~held], classes, each=each).narrow()
        measured = steady(space.measure(rows[held], sample.classes[held], names))
        for place, column in enumerate(columns.values()):
            column.add(measured[:, place])
    return [ordered(name, "input", column, options.bins, _FLOAT) for name, column in columns.items()]


def _categories(tally: InputTally, options: Options) -> list[Feature]:
    made = {
        name: category(name, "input", values, options.top, options.least) for name, values in tally.categories.items()
    }
    if without := [name for name, feature in made.items() if feature is None]:
        raise ReferenceInvalid(
            f"no value of {', '.join(map(repr, without))} is in {options.least} rows, as with names, numbers of "
            f"records and what is always missing: leave_out={tuple(without)}"
        )
    return [feature for feature in made.values() if feature is not None]


def output_features(
    tally: OutputTally, options: Options, extraction: dict[str, Any]
) -> tuple[list[Feature], tuple[float, ...]]:
    """A feature for each output, and the accuracy in each bin of confidence where labels were given."""
    features: list[Feature] = []
    accuracy: tuple[float, ...] = ()
    judged = tally.right.count + tally.wrong.count
    if judged:
        tally.outputs.calibration = _calibration(tally)
    for name, numbers in tally.numbers.items():
        if name == CONFIDENCE and judged:
            values, weights = numbers.items()
            calibrated = tally.outputs.calibrated(values.astype(_FLOAT)).astype(np.float64)
            features.append(ordered(name, "output", numbers, options.bins, _FLOAT, (calibrated, weights)))
            accuracy = _accuracy(tally, features[-1])
        else:
            features.append(ordered(name, "output", numbers, options.bins, _FLOAT))
    if tally.outputs.kind != "numbers":
        features.append(_predicted(tally, options))
    extraction["outputs"] = tally.outputs.plain()
    return features, accuracy


def _calibration(tally: OutputTally) -> Calibration:
    (right, good), (wrong, bad) = tally.right.items(), tally.wrong.items()
    truth = np.append(np.ones(len(right)), np.zeros(len(wrong)))
    return Calibration.fit(np.append(right, wrong), truth, np.append(good, bad))


def _accuracy(tally: OutputTally, confidence: Feature) -> tuple[float, ...]:
    """The share of right ones in each bin; where none was judged, that of the nearest bin below, else above it."""
    right, wrong = (_counts(tally, numbers, confidence) for numbers in (tally.right, tally.wrong))
    judged = right + wrong
    known = np.flatnonzero(judged)
    nearest = known[np.clip(np.searchsorted(known, np.arange(len(judged)), side="right") - 1, 0, None)]
    found = right[nearest] / judged[nearest]
    return (*(round(float(share), 6) for share in found), round(float(right.sum() / judged.sum()), 6))


def _counts(tally: OutputTally, numbers: Quantiles, confidence: Feature) -> Array:
    values, weights = numbers.items()
    calibrated = tally.outputs.calibrated(values.astype(_FLOAT))
    place = np.searchsorted(np.array(confidence.edges), calibrated, side="left")
    return np.bincount(place, weights, minlength=len(confidence.edges) + 1)


def _predicted(tally: OutputTally, options: Options) -> Feature:
    """How often each class was answered; all of them if they are few, else the most frequent."""
    names = tally.outputs.classes
    if len(names) > _ALL_CLASSES:
        names = tuple(sorted(names, key=lambda name: -tally.classes[name])[: options.top])
    counts = [tally.classes[name] for name in names]
    missing = tally.classes[None]
    other = tally.classes.total() + tally.unknown - missing - sum(counts)
    values = tuple(text for name in names if (text := label(name)) is not None)
    return Feature(CLASS, "output", (*counts, other, missing), values=values)
