from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from monitoring.reference import Feature, Learner, Reference, ReferenceInvalid, extractor, learn

RANDOM = np.random.default_rng(7)
ROWS = 2000
AGE = RANDOM.integers(18, 90, ROWS)
INCOME = RANDOM.lognormal(10, 1, ROWS)
CITY = RANDOM.choice(["Bern", "Rome", "other", "=x"], ROWS)
TABLE = {"age": AGE, "income": INCOME, "city": CITY}


def feature(reference: Reference, name: str, role: str = "input") -> Feature:
    """The one of that name."""
    return next(f for f in reference.features if (f.name, f.role) == (name, role))


def counted(reference: Reference, inputs: Any, outputs: Any = None) -> dict[str, tuple[int, ...]]:
    """The bins of a batch, counted one by one from what the extractor makes of it."""
    extract, found = extractor(reference), {}
    numbers, codes = extract(inputs, outputs)
    for place, of in enumerate(extract.numbers):
        column = numbers[:, place]
        there = column[~np.isnan(column)]
        bins = [int(sum(edge < value for edge in of.edges)) for value in there.tolist()]
        found[of.name] = (*np.bincount(bins, minlength=len(of.edges) + 1).tolist(), len(column) - len(there))
    for place, of in enumerate(extract.categories):
        found[of.name] = tuple(np.bincount(codes[:, place], minlength=len(of.bins)).tolist())
    return found


def test_watching_what_was_learnt_counts_what_was_learnt():
    """The extractor puts the reference's own rows into the bins that learning counted, for numbers and categories."""
    table = TABLE | {"income": np.where(np.arange(ROWS) < 9, np.nan, INCOME), "flag": AGE > 60}
    reference = learn(table)
    found = counted(reference, table)
    for name in ("age", "income", "city", "flag"):
        assert found[name] == feature(reference, name).counts, name
    assert feature(reference, "income").counts[-1] == 9


def test_edges_are_quantiles_that_are_values_of_the_column():
    """Ten bins hold a tenth each; the first edge lies just below the smallest value, the last is the largest."""
    of = feature(learn(TABLE), "income")
    served = INCOME.astype(np.float32)
    wanted = np.quantile(served, np.arange(1, 11) / 10, method="inverted_cdf")
    assert of.edges[1:] == tuple(wanted.tolist())
    assert np.nextafter(np.float32(of.edges[0]), np.float32(np.inf)) == served.min()
    assert of.counts == (0, *[ROWS // 10] * 10, 0, 0)


def test_middles_and_spread_are_the_columns_own():
    """Each bin's middle is the mean of its rows, and the spread is the column's standard deviation."""
    of, served = feature(learn(TABLE), "income"), INCOME.astype(np.float32).astype(np.float64)
    place = np.searchsorted(of.edges, served, side="left")
    assert of.middles[1:-1] == pytest.approx([served[place == i].mean() for i in range(1, 11)], rel=1e-6)
    assert of.spread == pytest.approx(served.std(), rel=1e-6)


def test_few_values_get_a_bin_each():
    """A column of at most as many values as bins keeps them apart, however rare one is."""
    grades = np.repeat([1.0, 2.0, 3.0, 6.0], [500, 480, 15, 5])
    of = feature(learn({"grade": grades}), "grade")
    assert of.counts == (0, 500, 480, 15, 5, 0, 0)
    assert of.edges[1:] == (1.0, 2.0, 3.0, 6.0)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e30, -np.finfo(np.float32).max])
def test_a_constant_column_has_a_bin_for_its_value_and_one_on_each_side(value: float):
    """What differs from the only value there was is below or above the reference."""
    reference = learn({"x": np.full(10, value)})
    of = feature(reference, "x")
    assert sum(of.counts) == max(of.counts) == 10
    below, same, above = (counted(reference, {"x": np.array([v])})["x"] for v in (-np.inf, value, np.inf))
    assert len({below, same, above}) == (3 if value > np.finfo(np.float32).min else 2)


def test_a_column_without_a_value_is_missing_until_one_comes():
    """All rows are missing, and a number that comes is in another bin."""
    reference = learn({"x": np.full(10, np.nan), "y": np.arange(10.0)})
    assert feature(reference, "x").counts == (0, 0, 10)
    assert counted(reference, {"x": np.ones(2), "y": np.ones(2)})["x"] == (0, 2, 0)


def test_what_is_endless_lies_outside_and_what_is_none_is_missing():
    """Minus and plus infinity are below and above the reference, NaN and None are missing."""
    reference = learn({"x": np.arange(100.0)})
    found = counted(reference, {"x": [-np.inf, -1e-20, 0.0, 99.0, 99.01, np.inf, np.nan, None, "text"]})["x"]
    assert (found[0], found[1], found[-3], found[-2], found[-1]) == (2, 1, 1, 2, 3)


def test_values_are_compared_in_the_type_that_is_served():
    """A double that is the same float32 as an edge falls into that edge's bin, whichever type it comes in."""
    values = np.arange(1, 101) / 10
    reference = learn({"x": values})
    for dtype in (np.float64, np.float32):
        assert counted(reference, {"x": values.astype(dtype)})["x"] == feature(reference, "x").counts
    assert feature(learn({"x": values}, dtype="float64"), "x").edges[1] == values[9]


def test_categories_have_their_most_frequent_values():
    """The rest is other, and a value that is called other is not it."""
    of = feature(learn({"city": ["Bern"] * 30 + ["other"] * 20 + ["Rome"] * 10 + ["Oslo"] * 4 + [None, ""]}), "city")
    assert of.bins == ("Bern", "=other", "Rome", "other", "missing")
    assert of.counts == (30, 20, 10, 4, 2)


def test_a_number_can_be_named_a_category():
    """Then 1, 1.0 and a text 1 are one value, and another number is other."""
    reference = learn({"code": [1] * 10 + [2] * 10}, categories=("code",))
    assert feature(reference, "code").bins == ("1", "2", "other", "missing")
    assert counted(reference, {"code": [1.0, "1", np.int8(1), 7, None]})["code"] == (3, 0, 1, 1)


def test_columns_of_records_names_are_refused_with_what_to_type():
    """A text that is another in every row says nothing of drift, and would carry data out of the process."""
    with pytest.raises(ReferenceInvalid, match=r"no value of 'id', 'mail' is in 5 rows.*leave_out=\('id', 'mail'\)"):
        learn({"id": [f"n{i}" for i in range(50)], "mail": [f"{i}@x" for i in range(50)], "x": np.arange(50)})


@pytest.mark.parametrize("kind", ["dict", "pandas", "arrow", "records", "structured"])
def test_a_table_is_the_same_in_every_form(kind: str):
    """dicts, pandas, pyarrow, lists of records and structured arrays give one reference, and are watched alike."""
    forms = {
        "dict": lambda: TABLE,
        "pandas": lambda: pd.DataFrame(TABLE),
        "arrow": lambda: pa.table({name: pa.array(column.tolist()) for name, column in TABLE.items()}),
        "records": lambda: pd.DataFrame(TABLE).to_dict("records"),
        "structured": lambda: pd.DataFrame(TABLE).to_records(index=False),
    }
    table = forms[kind]()
    assert learn(table).hash == learn(TABLE).hash
    assert counted(learn(TABLE), table) == counted(learn(TABLE), TABLE)


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_file_is_learnt_from_in_chunks(ending: str, tmp_path: Path):
    """A path gives what its table gives; the column of labels is none of the inputs."""
    frame, path = pd.DataFrame({**TABLE, "label": AGE % 3}), tmp_path / f"data.{ending}"
    frame.to_parquet(path) if ending == "parquet" else frame.to_csv(path, index=False)
    shares = RANDOM.dirichlet([1, 1, 1], ROWS)
    whole = learn(frame.drop(columns="label"), shares, frame["label"])
    assert learn(path, shares, "label").features == whole.features


def test_data_larger_than_memory_is_learnt_from_in_chunks():
    """300,000 rows in chunks: each tenth is a tenth to within a thousandth, and what is kept does not grow."""
    random, learner = np.random.default_rng(3), Learner(sample=1000)
    chunks = [random.lognormal(0, 2, 10_000) for _ in range(30)]
    for chunk in chunks:
        learner.add({"x": chunk, "city": random.choice(["a", "b"], 10_000)})
    of, whole = feature(learner.reference(), "x"), np.sort(np.concatenate(chunks).astype(np.float32))
    assert of.rows == 300_000
    true = np.diff(np.searchsorted(whole, of.edges[:-1], side="right")) / len(whole)
    assert np.abs(true - 0.1).max() < 1e-3
    assert np.abs(np.array(of.counts[1:-2]) / of.rows - 0.1).max() < 1e-3
    assert (of.edges[-1], of.counts[0], of.counts[-2]) == (whole[-1], 0, 0)


def test_learners_that_saw_parts_merge_to_one_that_saw_all():
    """Exactly, where all of it fits; classes that only one of them met are there too."""
    first, second, whole = Learner(now=_now), Learner(now=_now), Learner(now=_now)
    labels = np.where(np.arange(ROWS) < 900, "cat", "dog")
    for learner, part in ((first, slice(0, 900)), (second, slice(900, ROWS)), (whole, slice(0, ROWS))):
        learner.add({name: column[part] for name, column in TABLE.items()}, labels[part])
    first.merge(second)
    merged, wanted = first.reference(), whole.reference()
    for name, role in (("age", "input"), ("income", "input"), ("city", "input"), ("predicted_class", "output")):
        assert feature(merged, name, role).counts == feature(wanted, name, role).counts
        assert feature(merged, name, role).edges == feature(wanted, name, role).edges
    assert merged.classes == ("cat", "dog")


def test_learners_of_different_things_do_not_merge():
    """The error says what is different."""
    first, second = Learner(), Learner()
    first.add({"x": [1.0]})
    second.add({"y": [1.0]})
    with pytest.raises(ReferenceInvalid, match="different inputs"):
        first.merge(second)


def test_the_same_data_gives_the_same_reference():
    """The hash does not depend on when, or on the order of columns' names in memory."""
    first = learn(TABLE, now=_now)
    assert first.hash == learn(TABLE).hash
    assert first.created == "2026-01-02T00:00:00+00:00"
    assert Reference.loads(first.dumps()) == first


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"data": TABLE, "bins": 1}, "bins is 1; it is a number from 2 to 97"),
        ({"data": TABLE, "colour": 1}, "'colour' is no option of learning; there are names,"),
        ({"data": TABLE, "leave_out": ("agee",)}, "leave_out names 'agee', which is no column; there are age, income"),
        ({"data": TABLE, "labels": "agee"}, "the data has no column 'agee'; there are age, income, city"),
        ({"data": {"x": [1.0], "y": [1.0, 2.0]}}, r"a table's columns have one length, these have \[1, 2\]"),
        ({"data": {"x": [1.0]}, "outputs": [1, 2]}, r"have a row for each other, these have \[1, 2\]"),
        ({"data": {"x": []}}, "the data has no rows"),
        ({}, "nothing to learn from"),
        ({"data": np.zeros((3, 2)), "names": ["a"]}, "an array of 2 columns got 1 names"),
        ({"data": {"t": np.array(["2026-01-01"], "M8[s]")}}, "column 't' holds dates"),
        ({"outputs": [0.5, 0.1], "labels": [1, 0]}, "these outputs are numbers"),
        ({"outputs": [[0.5, 0.5]], "labels": ["cat"]}, "no label is a class: 'cat' is not one of 0, 1"),
        ({"outputs": [[0.5, 0.5]], "classes": ("a", "b", "c")}, "2 probabilities for each row, and 3 classes"),
        ({"outputs": [0.5], "outputs_are": "logits"}, "outputs_are is 'logits'; it is one of probabilities"),
    ],
)
def test_what_cannot_be_learnt_from_is_told(given: dict[str, Any], told: str):
    """Each mistake is a sentence with the value and what is accepted."""
    with pytest.raises(ReferenceInvalid, match=told):
        learn(**given)


def _now() -> datetime:
    return datetime(2026, 1, 2, tzinfo=UTC)
