"""Whatever a column holds: what was learnt is what is counted."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from monitoring.reference import Reference, ReferenceInvalid, counted, learn

NUMBER = some.one_of(some.floats(width=32), some.integers(-3, 3).map(float), some.none(), some.floats())
WORDS = some.sampled_from(["other", "missing", "=", "", "a"])
VALUE = some.one_of(some.text(max_size=70), WORDS, some.none(), some.booleans())


@given(values=some.lists(NUMBER, min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_numbers_are_counted_as_they_were_learnt(values: list[float | None]):
    """None, NaN, endless, tiny and huge ones: each row is in one bin, the same in learning and watching."""
    column = np.array(values, dtype=np.float64)
    reference = learn({"x": column})
    assert counted(reference, {"x": values}) == counted(reference, {"x": column}) == reference
    assert reference.features[0].rows == len(values)
    assert Reference.loads(reference.dumps()) == reference


@given(values=some.lists(VALUE, min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_values_are_counted_as_they_were_learnt(values: list[Any]):
    """Texts of any letters, also those that bins are called by."""
    try:
        reference = learn({"k": values}, least=1, categories=("k",))
    except ReferenceInvalid:
        assert all(value in (None, "") for value in values)
        return
    assert counted(reference, {"k": values}) == reference
    assert counted(reference, {"k": np.array(values, dtype=object)}) == reference
    assert Reference.loads(reference.dumps()) == reference
