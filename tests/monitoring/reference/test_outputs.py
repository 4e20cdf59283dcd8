from __future__ import annotations

import numpy as np
import pytest

from monitoring.reference import Feature, Reference, extractor, learn

RANDOM = np.random.default_rng(11)


def features(reference: Reference) -> dict[str, Feature]:
    """By their names."""
    return {feature.name: feature for feature in reference.features}


def test_logits_and_probabilities_are_the_same_answers():
    """A reference learnt from the model's logits fits a service that answers probabilities."""
    logits = RANDOM.normal(size=(200, 4)).astype(np.float32) * 3
    powers = np.exp(logits)
    extract = extractor(learn(outputs=logits))
    from_logits, from_shares = extract(None, logits), extract(None, powers / powers.sum(axis=1, keepdims=True))
    assert from_logits.numbers == pytest.approx(from_shares.numbers, rel=1e-5)
    assert np.array_equal(from_logits.codes, from_shares.codes)


def test_one_probability_is_that_of_the_second_class():
    """A binary classifier's single number gives the class, and the confidence of that class."""
    extract = extractor(learn(outputs=np.linspace(0, 1, 101), classes=("no", "yes")))
    numbers, codes = extract(None, np.array([0.1, 0.5, 0.9, np.nan]))
    assert numbers[:, 0] == pytest.approx([0.9, 0.5, 0.9, np.nan], nan_ok=True)
    assert codes[:, 0].tolist() == [0, 0, 1, 3]


@pytest.mark.parametrize("shape", [(300,), (300, 1)])
def test_numbers_are_watched_as_a_prediction(shape: tuple[int, ...]):
    """A regression's answers get quantile bins."""
    answers = RANDOM.normal(size=shape)
    of = features(learn(outputs=answers))["prediction"]
    assert of.counts == (0, *[30] * 10, 0, 0)


def test_several_numbers_are_several_predictions():
    """They are told apart by their place."""
    found = features(learn(outputs=RANDOM.normal(size=(100, 2)), outputs_are="numbers"))
    assert set(found) == {"prediction_0", "prediction_1"}


def test_classes_are_watched_by_their_names():
    """Also those that are new: they are other, and an answer without a class is missing."""
    reference = learn(outputs=["cat"] * 30 + ["dog"] * 10)
    assert features(reference)["predicted_class"].counts == (30, 10, 0, 0)
    assert extractor(reference)(None, ["dog", "cow", None, "cat"]).codes[:, 0].tolist() == [1, 2, 3, 0]


def test_indexes_are_classes_where_names_were_given():
    """A model may answer 0 and 1 for names, and labels may be either."""
    reference = learn(outputs=np.array([0, 1, 1] * 10), classes=("cat", "dog"))
    assert features(reference)["predicted_class"].bins[:2] == ("cat", "dog")
    assert features(reference)["predicted_class"].counts == (10, 20, 0, 0)


def test_a_class_that_is_called_other_is_a_class():
    """Its bin is `=other`, and what is unknown is `other`."""
    reference = learn(outputs=RANDOM.dirichlet([5, 1], 50), classes=("mine", "other"))
    assert features(reference)["predicted_class"].bins == ("mine", "=other", "other", "missing")
    assert extractor(reference)(None, [[0.1, 0.9]]).codes.tolist() == [[1]]


def test_of_many_classes_the_most_frequent_are_told_apart():
    """The bins of a thousand classes would say little and cost much."""
    logits = RANDOM.normal(size=(500, 200)) + np.linspace(0, 3, 200)
    of = features(learn(outputs=logits))["predicted_class"]
    assert len(of.values) == 20
    assert of.counts[-2] == 500 - sum(of.counts[:20])


def test_answers_that_are_no_numbers_are_missing():
    """A model that answers NaN is seen in the bins `missing`."""
    reference = learn(outputs=RANDOM.dirichlet([1, 1, 1], 100))
    numbers, codes = extractor(reference)(None, np.full((2, 3), np.nan))
    assert np.isnan(numbers).all()
    assert codes.tolist() == [[4], [4]]


def test_accuracy_is_that_of_each_bin_of_confidence():
    """Weighted by the bins' rows it is the accuracy of all; an empty bin has its neighbour's."""
    shares = RANDOM.dirichlet([1, 1, 1], 4000)
    labels = np.array([RANDOM.choice(3, p=row) for row in shares])
    reference = learn(outputs=shares, labels=labels)
    of = features(reference)["confidence"]
    right = (shares.argmax(axis=1) == labels).mean()
    assert np.average(reference.accuracy, weights=of.counts) == pytest.approx(right, abs=1e-5)
    assert reference.accuracy[0] == reference.accuracy[1]
    assert reference.accuracy[-2] == reference.accuracy[-3]


def test_confidence_is_calibrated():
    """A model that is far too sure of itself is worth in each bin what it is right, and stays told apart."""
    truth = RANDOM.uniform(0.5, 0.95, 20_000)
    sure = truth**0.1
    labels = (RANDOM.random(20_000) > truth).astype(int)
    reference = learn(outputs=np.column_stack((sure, 1 - sure)), labels=labels)
    of = features(reference)["confidence"]
    assert of.middles[1:-1] == pytest.approx(reference.accuracy[1:-2], abs=0.02)
    assert of.counts == pytest.approx((0, *[2000] * 10, 0, 0), abs=20)


def test_rows_whose_label_is_not_known_do_not_count_for_accuracy():
    """A missing label is none; one of no class is a wrong answer."""
    shares = np.tile([[0.8, 0.2]], (4, 1))
    assert learn(outputs=shares, labels=[0, None, None, None]).accuracy[-1] == 1.0
    assert learn(outputs=shares, labels=[0, 0, 7, None]).accuracy[-1] == pytest.approx(2 / 3, abs=1e-5)
