"""benchmarks/accuracy.py: what it says of a small model whose training takes no time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from benchmarks.accuracy import ROWS, Result, judge
from monitoring.reference import learn

Weight = Callable[[np.ndarray], np.ndarray]


def _results(weight: Weight) -> list[Result]:
    """Six splits of the digits: a model, its reference, and rows that neither has seen, drawn with these weights."""
    images, labels = load_digits(return_X_y=True)
    found = []
    for seed in range(6):
        chance = np.random.default_rng(seed)
        order = chance.permutation(len(labels))
        third = len(labels) // 3
        trained, held, unseen = order[:third], order[third : 2 * third], order[2 * third :]
        model = LogisticRegression(max_iter=200, C=1.0).fit(images[trained] / 16, labels[trained])
        answers = model.predict_proba(images / 16).astype(np.float32)
        classes = tuple(map(str, range(10)))
        reference = learn(outputs=answers[held], labels=labels[held], classes=classes)
        shares = weight(labels[unseen])
        drawn = unseen[chance.choice(len(unseen), ROWS, p=shares / shares.sum())]
        found.append(judge(reference, answers[drawn], labels[drawn], chance))
    return found


@pytest.mark.parametrize("weight", [np.ones_like, lambda y: np.where(y >= 8, 5.0, 1.0), lambda y: 0.1 + (y > 4)])
def test_accuracy_is_estimated_within_two_points_without_drift_and_in_another_mix(weight):
    """Over six splits the estimate is as near as that to the truth, and its mean is too."""
    errors = np.array([result.estimated - result.true for result in _results(lambda y: weight(y.astype(float)))])
    assert np.abs(errors).mean() < 0.02
    assert abs(errors.mean()) < 0.02


def test_weighing_by_confidence_undoes_that_doubtful_rows_are_labelled_more_often():
    """The plain share of right answers among such labels is off by more than the weighed one."""
    results = _results(lambda y: np.ones(len(y)))
    plain, weighed = (
        np.mean([getattr(result, name) - result.true for result in results]) for name in ("plain", "labelled")
    )
    assert plain < -0.02
    assert abs(weighed) < abs(plain) / 2
