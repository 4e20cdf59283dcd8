"""monitoring/quality/identify.py: the id says what the reference's own code reads of an answer."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from monitoring.quality import Identifier, Subject
from monitoring.quality.ids import unpack
from monitoring.reference import Feature, Reference, ReferenceInvalid
from monitoring.reference.calibration import Calibration
from monitoring.reference.outputs import Outputs

EDGES = (0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 0.97)
CONFIDENCE = Feature("confidence", "output", (1,) * 9, edges=EDGES, dtype="float32")


def _reference(classes: int, calibrated: bool = True, kind: str = "probabilities") -> Reference:
    chance = np.random.default_rng(1)
    raw = chance.uniform(1 / classes, 1, 3000)
    fitted = Calibration.fit(raw.astype(np.float32), chance.uniform(size=3000) < raw**2)
    outputs = {"kind": kind} | ({"calibration": fitted.plain()} if calibrated else {})
    names = tuple(f"c{index}" for index in range(classes))
    return Reference((CONFIDENCE,) if kind != "classes" else (), {"outputs": outputs}, classes=names)


def _read(identify: Identifier, outputs: object) -> tuple[list[int], list[int]]:
    read = identify.ids.read(unpack(identify(outputs))[1])
    return list(read.classes), list(read.bins)


def _expected(reference: Reference, outputs: np.ndarray) -> tuple[list[int], list[int]]:
    answers = Outputs.read(reference.extraction["outputs"], reference.classes)(outputs)
    bins = np.searchsorted(EDGES, answers.numbers["confidence"].astype(np.float64), side="left")
    return answers.classes.tolist(), bins.tolist()


@pytest.mark.parametrize("classes", [2, 10, 300])
@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_classes_and_bins_are_those_that_are_watched(classes, calibrated, dtype):
    """Alone or many at once, calibrated or not, each row has the class and the bin of the reference's own reading."""
    reference, chance = _reference(classes, calibrated), np.random.default_rng(2)
    identify = Identifier(Subject("m", "1", reference))
    answers = chance.dirichlet(np.full(classes, 1.5 / classes), 400).astype(dtype)
    expected = _expected(reference, answers)
    assert len(set(expected[1])) > 4
    alone = [_read(identify, answers[at : at + 1]) for at in range(400)]
    assert ([one[0][0] for one in alone], [one[1][0] for one in alone]) == expected
    assert _read(identify, answers) == expected


def test_a_confidence_on_an_edge_falls_to_the_side_that_is_watched():
    """Edges are closed at the right: the float of an edge is in the bin below it, the next one in the bin above."""
    reference = _reference(2, calibrated=False)
    identify = Identifier(Subject("m", "1", reference))
    for edge in np.float32(EDGES[3:]):
        for top in (edge, np.nextafter(edge, np.float32(2))):
            row = np.array([[top, 1 - top]], np.float32)
            assert _read(identify, row) == _read(identify, np.repeat(row, 1, axis=0)) == _expected(reference, row)


def test_logits_are_read_as_the_reference_reads_them():
    """Answers that are no distribution go through the softmax."""
    reference, logits = _reference(10), np.random.default_rng(3).normal(size=(50, 10)).astype(np.float32) * 3
    identify = Identifier(Subject("m", "1", reference))
    assert _read(identify, logits[:1])[0] == [int(logits[0].argmax())]
    assert _read(identify, logits) == _expected(reference, logits)


def test_a_row_of_nan_has_no_class_and_a_missing_confidence():
    """No label can confirm it, and the other rows are as they were."""
    reference = _reference(3)
    identify = Identifier(Subject("m", "1", reference))
    rows = np.array([[np.nan] * 3, [0.1, 0.8, 0.1]], np.float32)
    classes, bins = _read(identify, rows)
    assert (classes, bins[0]) == ([255, 1], 8)
    assert _read(identify, rows[:1]) == ([255], [8])


@pytest.mark.parametrize("labels", [["c1", "c0", "no"], np.array([1, 0, 7])])
def test_a_model_that_answers_classes_alone_has_one_bin(labels):
    """Without a confidence, all of its predictions are in the bin `missing`."""
    identify = Identifier(Subject("m", "1", _reference(3, False, "classes")))
    assert _read(identify, labels) == ([1, 0, 255], [0, 0, 0])
    assert identify.ids.subject.bins == ("missing",)


@pytest.mark.parametrize("outputs", [np.zeros((2, 7), np.float32), [object()], 5, None])
def test_answers_that_cannot_be_read_have_no_id(outputs, caplog):
    """The answer goes out without one; the log says why, once in a while and not each time."""
    identify = Identifier(Subject("m", "1", _reference(3)))
    with caplog.at_level(logging.WARNING):
        assert [identify(outputs) for _ in range(5)] == [None] * 5
    assert len(caplog.records) == 1
    assert "answers of m have no X-Prediction-Id" in caplog.text


def test_a_reference_that_reads_no_outputs_is_refused():
    """Where nothing is said of what the model answers, no id can be made of it."""
    with pytest.raises(ReferenceInvalid, match="does not say how to read"):
        Identifier(Subject("m", "1", Reference((CONFIDENCE,), classes=("a", "b"))))
