import json

import pytest

from monitoring.reference import Feature, Reference, ReferenceInvalid

CONFIDENCE = Feature("confidence", "output", (0, 40, 60, 0, 0), edges=(0.0, 0.5, 1.0), middles=(0, 0.3, 0.8, 1.0))
KIND = Feature("kind", "input", (70, 20, 5, 5), values=("cat", "dog"))
REFERENCE = Reference((CONFIDENCE, KIND), {"columns": ["kind"]}, (0.5, 0.6, 0.9, 0.9, 0.5), ("a", "b"), "2026-11-21")


def test_what_is_written_is_read_back():
    """A reference is the same after it was JSON, and has the same hash."""
    read = Reference.loads(REFERENCE.dumps())
    assert read == REFERENCE
    assert read.hash == REFERENCE.hash


def test_the_hash_follows_what_is_compared():
    """Another count gives another hash; another date does not."""
    later = Reference(REFERENCE.features, REFERENCE.extraction, REFERENCE.accuracy, REFERENCE.classes, "2027-01-01")
    assert later.hash == REFERENCE.hash
    assert Reference((CONFIDENCE,)).hash != Reference((CONFIDENCE, KIND)).hash


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}'])
def test_what_is_no_reference_is_refused(text):
    """Anything else than a reference of this format is refused with a message."""
    with pytest.raises(ReferenceInvalid, match="reference"):
        Reference.loads(text)


def test_a_changed_reference_is_refused():
    """Counts that were edited by hand no longer fit the hash."""
    whole = json.loads(REFERENCE.dumps())
    whole["features"][0]["counts"][1] += 1
    with pytest.raises(ReferenceInvalid, match="changed"):
        Reference.loads(json.dumps(whole))


def test_accuracy_belongs_to_the_bins_of_confidence():
    """An accuracy without as many bins of confidence is refused."""
    with pytest.raises(ReferenceInvalid, match="confidence"):
        Reference((KIND,), accuracy=(0.5,))
