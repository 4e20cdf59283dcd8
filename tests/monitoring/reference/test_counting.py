from __future__ import annotations

import numpy as np
import pytest

from monitoring.reference import ReferenceInvalid, added, counted, learn

RANDOM = np.random.default_rng(8)
TABLE = {"x": RANDOM.normal(size=500), "kind": RANDOM.choice(["a", "b"], 500)}
SHARES = RANDOM.dirichlet([1, 1], 500)


def part(rows: slice) -> dict[str, np.ndarray]:
    """Some rows of the table."""
    return {name: column[rows] for name, column in TABLE.items()}


def test_counting_a_references_own_rows_gives_its_counts():
    """What was learnt, counted again, is the same."""
    reference = learn(TABLE, SHARES)
    assert counted(reference, TABLE, SHARES) == reference


def test_references_of_equal_bins_add_exactly():
    """Two halves counted in the same bins are together the whole."""
    reference = learn(TABLE, SHARES, SHARES.argmax(axis=1))
    first = counted(reference, part(slice(0, 180)), SHARES[:180])
    second = counted(reference, part(slice(180, 500)), SHARES[180:])
    assert [f.counts for f in added(first, second).features] == [f.counts for f in reference.features]
    assert added(first, second).accuracy == pytest.approx(reference.accuracy)
    assert added(first, second).features[0].spread == pytest.approx(reference.features[0].spread)


def test_references_of_other_bins_do_not_add():
    """The sum would mean nothing; the error says what to do."""
    with pytest.raises(ReferenceInvalid, match=r"different bins cannot be added.*merge the learners"):
        added(learn(part(slice(0, 180))), learn(part(slice(180, 500))))
