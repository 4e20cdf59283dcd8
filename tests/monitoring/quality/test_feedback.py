"""monitoring/quality/feedback.py: what is counted, what is rejected, and why."""

from __future__ import annotations

import random

import numpy as np
import pytest

from monitoring.quality.feedback import MOST_TOLD, UNKNOWN
from monitoring.quality.ids import MOST_ROWS, Subject


def test_a_label_is_counted_in_the_bin_of_its_predictions_confidence(kept):
    """Right ones in both counters, wrong ones as labelled only; every bin is exposed from the start."""
    assert kept.binned("labelled") == kept.binned("correct") == [0, 0, 0, 0, 0]
    right, wrong = kept.ids.write_one(0, 2), kept.ids.write_one(1, 1)
    receipt = kept.feedback.take([{"id": right, "label": "cat"}, {"id": wrong, "label": 2}])
    assert kept.binned("labelled") == [0, 1, 1, 0, 0]
    assert kept.binned("correct") == [0, 0, 1, 0, 0]
    nothing = {"unmatched": 0, "late": 0, "duplicate": 0, "invalid": 0}
    assert receipt.plain() == {"counted": 2, "correct": 1, "rejected": nothing, "problems": []}


def test_an_answer_of_several_rows_takes_a_list_and_nulls_for_what_is_not_known_yet(kept):
    """Rows are counted as their labels come, each once."""
    text = kept.ids.write(np.array([0, 1, 2]), np.array([1, 2, 3]))
    assert kept.feedback.take([{"id": text, "label": ["cat", None, "cat"]}]).plain()["counted"] == 2
    later = kept.feedback.take([{"id": text, "label": ["cat", "dog", None]}, {"id": text, "row": 2, "label": "owl"}])
    assert (later.counted, later.correct, later.rejected["duplicate"]) == (1, 1, 2)


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ({"label": ["cat"]}, "1 labels for an answer of 2 rows"),
        ({"label": "cat"}, "the answer had 2 rows"),
        ({"label": "cat", "row": 2}, "\"row\" is '2'"),
        ({"label": "cat", "row": True}, '"row" is'),
        ({"label": "cow", "row": 0}, "the label is 'cow', expected one of 'cat'"),
    ],
)
def test_labels_that_do_not_fit_the_rows_are_invalid(kept, item, said):
    """Each says what it should have been, and nothing is counted."""
    text = kept.ids.write(np.array([0, 1]), np.array([1, 2]))
    receipt = kept.feedback.take([{"id": text, **item}])
    assert (receipt.counted, dict(receipt.rejected)) == (0, {"invalid": 1})
    assert said in receipt.problems[0]["message"]
    assert kept.value("rejected", reason="invalid") == 1


def test_rows_that_no_id_covers_are_unmatched(kept):
    """Of an answer that was larger than an id, the rows beyond it are told apart from mistakes."""
    text = kept.ids.write(np.zeros(MOST_ROWS + 2, int), np.ones(MOST_ROWS + 2, int))
    receipt = kept.feedback.take([{"id": text, "label": ["cat"] * (MOST_ROWS + 2)}])
    assert (receipt.counted, dict(receipt.rejected)) == (MOST_ROWS, {"unmatched": 2})


def test_a_label_may_come_for_so_many_days(kept):
    """Within the limit it is counted, after it it is late; one from the future is no prediction of ours."""
    first, second = kept.ids.write_one(0, 1), kept.ids.write_one(0, 1)
    kept.now += 7 * 86400
    assert kept.feedback.take([{"id": first, "label": 0}]).counted == 1
    kept.now += 1
    receipt = kept.feedback.take([{"id": second, "label": 0}])
    assert dict(receipt.rejected) == {"late": 1}
    assert "7.0 days old" in receipt.problems[0]["message"]
    kept.now -= 8 * 86400
    assert dict(kept.feedback.take([{"id": second, "label": 0}]).rejected) == {"unmatched": 1}


def test_any_replica_takes_a_label_and_each_remembers_for_itself(kept, replica):
    """A replica that has never seen the prediction counts its label; one that is sent to two is counted in both."""
    text, other = kept.ids.write_one(0, 1), replica()
    item = {"id": text, "label": "cat"}
    assert other.feedback.take([item]).counted == 1
    assert dict(other.feedback.take([item]).rejected) == {"duplicate": 1}
    assert kept.feedback.take([item]).counted == 1


def test_another_versions_prediction_is_unmatched(kept, replica):
    """A replica that watches another version, or has another key, says so, under no model's name."""
    newer = replica(subject=Subject("pets", "8", kept.subject.reference))
    receipt = newer.feedback.take([{"id": kept.ids.write_one(0, 1), "label": "cat"}])
    assert dict(receipt.rejected) == {"unmatched": 1}
    assert "not watched here" in receipt.problems[0]["message"]
    assert newer.value("rejected", model=UNKNOWN, model_version=UNKNOWN, reason="unmatched") == 1
    assert dict(replica(secret=b"x").feedback.take([{"id": kept.ids.write_one(0, 1), "label": 0}]).rejected) == {
        "unmatched": 1
    }


def test_the_ids_of_several_models_are_labelled_at_once(kept):
    """A header that names several models is an id too: the label is counted for each."""
    text = f"pets={kept.ids.write_one(0, 1)}, zoo={kept.ids.write_one(1, 2)}"
    receipt = kept.feedback.take([{"id": text, "label": "cat"}])
    assert (receipt.counted, receipt.correct) == (2, 1)


@pytest.mark.parametrize(
    "item", [None, 3, "x", [], {}, {"id": "x"}, {"label": 1}, {"id": 5, "label": 1}, {"id": "", "label": 1}]
)
def test_what_is_no_label_at_all_is_invalid(kept, item):
    """It is counted as rejected under no model's name, and the place says which it was."""
    receipt = kept.feedback.take([{"id": kept.ids.write_one(0, 1), "label": "cat"}, item])
    assert (receipt.counted, dict(receipt.rejected), receipt.problems[0]["item"]) == (1, {"invalid": 1}, 1)
    assert kept.value("rejected", model=UNKNOWN, model_version=UNKNOWN, reason="invalid") == 1


def test_few_rejections_are_explained_and_all_are_counted(kept):
    """An answer stays small, however many labels were wrong."""
    receipt = kept.feedback.take([{"id": "x", "label": 0}] * 500)
    assert (receipt.rejected["invalid"], len(receipt.problems)) == (500, MOST_TOLD)


def test_hostile_items_never_raise_and_all_are_accounted_for(kept):
    """Thousands of damaged items: each is counted or rejected, and a bin beyond the last is refused."""
    chance = random.Random(0)
    good = [kept.ids.write_one(chance.randrange(3), chance.randrange(5)) for _ in range(20)]
    beyond = kept.ids.write_one(0, 200)
    odd = [None, True, -1, 10**18, 1.5, "", "cat", "\0", [], [0], [None], ["cat"] * 3, {"id": 1}, [[0]], beyond]

    def item() -> object:
        text = chance.choice([*good, beyond, chance.choice(good)[: chance.randrange(36)], *odd])
        whole = {"id": text, "label": chance.choice(odd), "row": chance.choice(odd)}
        return {key: whole[key] for key in whole if chance.random() < 0.8}

    for _ in range(3000):
        one = item()
        receipt = kept.feedback.take([one])
        silent = isinstance(one, dict) and one.get("row") is None and one.get("label") == [None]
        assert receipt.counted + receipt.rejected.total() >= (0 if silent else 1), one
    refused = kept.feedback.take([{"id": beyond, "label": 0}])
    assert "bin 200" in refused.problems[0]["message"]
