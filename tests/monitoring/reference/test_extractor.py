from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from monitoring.reference import Reference, ReferenceInvalid, extractor, learn

RANDOM = np.random.default_rng(5)
TABLE = RANDOM.normal(size=(400, 6)).astype(np.float32)
SHARES = RANDOM.dirichlet([1, 1, 1], 400).astype(np.float32)
REFERENCE = learn(TABLE, SHARES, classes=("cat", "dog", "cow"))


def test_an_array_becomes_a_matrix_with_a_column_for_each_number():
    """Its own columns first, as they are; then what is measured of the row; then the outputs. Classes are codes."""
    extract = extractor(REFERENCE)
    numbers, codes = extract(TABLE, SHARES)
    assert [f.name for f in extract.numbers] == ["x0", "x1", "x2", "x3", "x4", "x5", "residual", "confidence"]
    assert numbers.dtype == extract.dtype == np.float32
    assert np.array_equal(numbers[:, :6], TABLE)
    assert np.array_equal(numbers[:, 7], SHARES.max(axis=1))
    assert np.array_equal(codes[:, 0], SHARES.argmax(axis=1))


def test_columns_are_the_same_by_name_and_role():
    """`columns` gives each feature of the matrix by itself."""
    found = extractor(REFERENCE).columns(TABLE, SHARES)
    assert set(found) == {(f.name, f.role) for f in REFERENCE.features}
    assert np.array_equal(found["x3", "input"], TABLE[:, 3])
    assert np.array_equal(found["predicted_class", "output"], SHARES.argmax(axis=1))


@pytest.mark.parametrize("rows", [0, 1, 3, 64])
def test_a_batch_of_any_size_gives_the_same_features(rows: int):
    """What a row's features are does not depend on the rows that it came with."""
    extract = extractor(REFERENCE)
    alone, whole = extract(TABLE[:rows], SHARES[:rows]), extract(TABLE, SHARES)
    assert np.array_equal(alone.numbers[:, :6], whole.numbers[:rows, :6])
    assert alone.numbers[:, 6] == pytest.approx(whole.numbers[:rows, 6], rel=1e-3)
    assert np.array_equal(alone.codes, whole.codes[:rows])


def test_a_column_that_does_not_come_is_missing_and_one_more_is_not_looked_at():
    """A dict may lack a column, or have others: the rows are counted all the same."""
    reference = learn({"a": np.arange(100.0), "kind": ["x", "y"] * 50})
    found = extractor(reference).columns({"kind": ["y", "z"], "more": [1, 2]})
    assert np.isnan(found["a", "input"]).all()
    assert found["kind", "input"].tolist() == [1, 2]
    assert extractor(reference).columns({"a": [1.0]})["kind", "input"].tolist() == [3]


def test_rows_whose_columns_no_longer_belong_together_have_a_larger_residual():
    """Each column alone looks as before; the row does not."""
    hidden = RANDOM.normal(size=(3000, 2)).astype(np.float32)
    rows = np.column_stack((hidden @ RANDOM.normal(size=(2, 8)), RANDOM.normal(size=3000))).astype(np.float32)
    extract = extractor(learn(rows))
    mixed = np.column_stack([RANDOM.permutation(column) for column in rows.T])
    before, after = (np.median(extract.columns(of)["residual", "input"]) for of in (rows, mixed))
    assert after > 1.5 * before


def test_a_value_that_is_missing_or_endless_leaves_the_residual_a_number():
    """It is counted where it is missing, not a second time in what is measured of the row."""
    rows = TABLE[:4].copy()
    rows[:3, 2] = (np.nan, np.inf, 3e38)
    assert np.isfinite(extractor(REFERENCE).columns(rows, SHARES[:4])["residual", "input"]).all()


def test_the_order_of_columns_in_a_table_does_not_matter():
    """Names decide where there are names."""
    names = [f"x{i}" for i in range(6)]
    turned = {name: TABLE[:, int(name[1])] for name in reversed(names)}
    assert np.array_equal(extractor(REFERENCE)(turned, SHARES).numbers, extractor(REFERENCE)(TABLE, SHARES).numbers)


@pytest.mark.parametrize(
    ("inputs", "outputs", "told"),
    [
        (TABLE[:, :5], SHARES, r"learnt from 6 columns, this is an array of \(400, 5\)"),
        (TABLE, SHARES[:, :2], r"3 classes, these answers are \(400, 2\)"),
        (TABLE, None, "watches outputs, and none were given"),
        (None, SHARES, "watches inputs, and none were given"),
    ],
)
def test_what_does_not_fit_the_reference_is_told(inputs: Any, outputs: Any, told: str):
    """A batch of another shape is refused with both shapes."""
    with pytest.raises(ReferenceInvalid, match=told):
        extractor(REFERENCE)(inputs, outputs)


@pytest.mark.parametrize(
    ("extraction", "told"),
    [
        ({}, "does not say how to make"),
        ({**REFERENCE.extraction, "inputs": {"kind": "sounds"}}, "inputs are 'sounds'"),
        ({**REFERENCE.extraction, "outputs": {}}, "extraction cannot be read"),
        ({**REFERENCE.extraction, "outputs": {"kind": "numbers"}}, "has no output 'prediction'"),
    ],
)
def test_an_extraction_that_cannot_be_followed_is_refused_at_the_start(extraction: dict[str, Any], told: str):
    """Not with the first batch."""
    with pytest.raises(ReferenceInvalid, match=told):
        extractor(dataclasses.replace(REFERENCE, extraction=extraction))


def test_outputs_alone_and_inputs_alone_can_be_watched():
    """What was not learnt is neither wanted nor made."""
    outputs = extractor(learn(outputs=SHARES))
    assert outputs(None, SHARES[:2]).numbers.shape == (2, 1)
    inputs = extractor(learn(TABLE))
    assert inputs(TABLE[:2]).codes.shape == (2, 0)
    assert Reference.loads(learn(outputs=["a", "b"] * 5).dumps()).features[0].counts == (5, 5, 0, 0)
