"""monitoring/quality/ids.py: an id carries its prediction, and notices damage."""

from __future__ import annotations

import base64
import random

import numpy as np
import pytest

from monitoring.quality.ids import MOST_ROWS, IdInvalid, Ids, Subject, unpack
from monitoring.reference import Feature, Reference, ReferenceInvalid

MANY = Reference(
    (Feature("confidence", "output", (1, 1, 1, 1), edges=(0.2, 0.6)),), classes=tuple(map(str, range(999)))
)


def test_an_id_says_what_was_predicted(kept):
    """Classes, bins, the subject and the time are read back from the id alone."""
    subject, signed = unpack(kept.ids.write(np.array([2, 0, 1]), np.array([3, 1, 4])))
    assert subject == kept.subject.key
    read = kept.ids.read(signed)
    assert (read.classes, read.bins, read.made) == ((2, 0, 1), (3, 1, 4), 1_000_000)


def test_an_id_of_one_row_is_short(kept):
    """It is far below the 80 characters that a header may spend on it, and safe in any header, URL or file."""
    text = kept.ids.write_one(2, 3)
    assert len(text) == 35
    assert text.replace("-", "").replace("_", "").isalnum()
    assert kept.ids.read(unpack(text)[1]).classes == (2,)


def test_models_of_many_classes_have_ids_too():
    """With over 255 classes an index takes two bytes, alone and among others."""
    ids = Ids(Subject("pets", "7", MANY))
    for text in (ids.write_one(998, 3), ids.write(np.array([998]), np.array([3]))):
        read = ids.read(unpack(text)[1])
        assert (read.classes, read.bins) == ((998,), (3,))


def test_an_id_covers_so_many_rows_and_no_more(kept):
    """A large answer's id is as long as headers allow, and speaks of the first rows."""
    text = kept.ids.write(np.arange(MOST_ROWS + 88) % 3, np.ones(MOST_ROWS + 88, int))
    assert len(text) < 1500
    assert len(kept.ids.read(unpack(text)[1]).classes) == MOST_ROWS


def test_rows_have_keys_of_their_own(kept):
    """No row of an answer, and no row of another answer, has the same key."""
    answers = [kept.ids.read(unpack(kept.ids.write(np.zeros(9, int), np.zeros(9, int)))[1]) for _ in range(50)]
    assert len({answer.key(row) for answer in answers for row in range(9)}) == 450


def test_damage_is_noticed(kept):
    """Whichever bit is flipped, the id is no longer ours."""
    signed = unpack(kept.ids.write_one(2, 3))[1]
    for bit in range(8 * len(signed)):
        other = bytearray(signed)
        other[bit // 8] ^= 1 << bit % 8
        assert kept.ids.read(bytes(other)) is None


def test_ids_differ_by_model_version_reference_and_secret(kept, replica):
    """What one subject or one secret signed, no other takes for its own."""
    signed = unpack(kept.ids.write_one(2, 3))[1]
    others = [Subject("pets", "8", kept.subject.reference), Subject("zoo", "7", kept.subject.reference)]
    for other in [Ids(subject) for subject in others] + [replica(secret=b"mine").ids]:
        assert other.read(signed) is None
    assert len({subject.key for subject in [*others, kept.subject]}) == 3


@pytest.mark.parametrize("text", ["", "x", "é" * 35, "A" * 35, "A" * 5000, "a b", "====", "\0" * 35, "AW" * 16])
def test_what_cannot_be_an_id_is_refused(text):
    """Other texts raise, and the message shows no more than their beginning."""
    with pytest.raises(IdInvalid, match="not a prediction id") as raised:
        unpack(text)
    assert len(str(raised.value)) < 250


def test_random_bytes_never_pass(kept):
    """Thousands of texts that look like ids are refused, or not taken for ours."""
    chance = random.Random(0)
    for _ in range(3000):
        text = base64.urlsafe_b64encode(b"\1" + chance.randbytes(chance.randrange(60))).decode().rstrip("=")
        try:
            _, signed = unpack(text)
        except IdInvalid:
            continue
        assert kept.ids.read(signed) is None


def test_a_model_that_predicts_numbers_is_refused():
    """Labels are counted as right or wrong, which a number is not."""
    with pytest.raises(ReferenceInvalid, match="'price' predicts no classes"):
        Subject("price", "1", Reference(()))
