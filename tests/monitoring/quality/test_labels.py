"""monitoring/quality/labels.py: names and indexes of classes."""

from __future__ import annotations

import pytest

from monitoring.quality.labels import Classes, LabelInvalid

PETS = Classes(("cat", "dog", "owl"))


@pytest.mark.parametrize(("label", "index"), [("cat", 0), ("owl", 2), (1, 1), ("1", 1)])
def test_a_class_is_found_by_its_name_or_its_index(label, index):
    """A text is a name, and where no class has it and it is a number, an index."""
    assert PETS.find(label) == index


@pytest.mark.parametrize(("label", "index"), [("7", 1), (7, 1), (5, 0)])
def test_where_names_are_numbers_a_number_is_a_name(label, index):
    """Classes 5 and 7 are asked for as 5 and 7, not as 0 and 1."""
    assert Classes(("5", "7")).find(label) == index


@pytest.mark.parametrize("label", ["Cat", "", 3, -1, True, 1.0, None, [0], {"a": 1}, 10**30, "٣", "9" * 5000])
def test_what_is_no_class_is_refused_with_what_is(label):
    """The message says what came, shortened, and what is accepted."""
    with pytest.raises(LabelInvalid, match="one of 'cat', 'dog', 'owl', or an index below 3") as raised:
        PETS.find(label)
    assert len(str(raised.value)) < 150


def test_where_names_are_numbers_an_index_is_no_label():
    """0 is not one of the classes 5 and 7."""
    with pytest.raises(LabelInvalid, match="'5', '7'"):
        Classes(("5", "7")).find("0")
