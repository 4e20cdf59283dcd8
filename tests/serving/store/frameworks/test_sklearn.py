from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from serving import Store
from serving.errors import ModelDamaged, StoreError
from serving.store import files

ROWS, LABELS = load_iris(return_X_y=True)


class Squared(TransformerMixin, BaseEstimator):
    """A step of the user's own."""

    def fit(self, rows: Any, labels: Any = None) -> Squared:
        return self

    def transform(self, rows: Any) -> Any:
        return rows**2


def own(rows: Any) -> Any:
    return rows


def forest() -> RandomForestClassifier:
    return RandomForestClassifier(5, random_state=0).fit(ROWS, LABELS)


@pytest.mark.parametrize(
    "model",
    [
        forest(),
        make_pipeline(StandardScaler(), HistGradientBoostingClassifier(max_iter=3)).fit(ROWS, LABELS),
        make_pipeline(Squared(), FunctionTransformer(np.log1p), forest()).fit(ROWS, LABELS),
    ],
    ids=["forest", "pipeline", "own step"],
)
def test_a_loaded_estimator_answers_as_the_saved_one(store: Store, model: Any) -> None:
    """Forests, pipelines, and steps of the user's own module; rows come as the server gives them, in float32."""
    store.save("iris:1", model)
    rows = ROWS[::10].astype("float32")
    assert store.find("iris").framework == "sklearn"
    assert store.load("iris")(rows).tolist() == model.predict(rows).tolist()


def test_another_method_answers_where_it_is_named(store: Store) -> None:
    """`method="predict_proba"` is kept with the model."""
    model = forest()
    store.save("iris:1", model, method="predict_proba")
    assert np.array_equal(store.load("iris")(ROWS), model.predict_proba(ROWS))


def test_a_method_that_the_model_lacks_is_refused_with_those_that_it_has(store: Store) -> None:
    """Before anything is in the store."""
    with pytest.raises(StoreError, match="RandomForestClassifier has no method 'transform'") as caught:
        store.save("iris:1", forest(), method="transform")
    assert caught.value.help == "method= is one of: predict, predict_proba, predict_log_proba"
    assert store.list() == []


def test_a_model_of_named_columns_gets_them_named_again(store: Store) -> None:
    """Fitted on a table, it takes arrays without a warning, and answers the same."""
    table = load_iris(as_frame=True).data
    model = RandomForestClassifier(5, random_state=0).fit(table, LABELS)
    store.save("iris:1", model)
    assert store.load("iris")(ROWS).tolist() == store.load("iris")(table).tolist() == model.predict(table).tolist()


def test_a_function_of_ones_own_is_refused_and_the_help_says_what_to_do(store: Store) -> None:
    """A function has no class that tells that it belongs to a model."""
    with pytest.raises(StoreError, match=r"the model holds .*\bown\b") as caught:
        store.save("iris:1", make_pipeline(FunctionTransformer(own)).fit(ROWS), method="transform")
    assert "BaseEstimator" in caught.value.help


class Other:
    """No estimator."""


@pytest.mark.parametrize("content", [b"no zip", Other(), {"no": "estimator"}], ids=["junk", "other", "dict"])
def test_a_file_that_holds_something_else_is_refused(store: Store, tmp_path: Path, content: Any) -> None:
    """Not even with a manifest that fits is anything made of it but estimators."""
    store.save("iris:1", forest())
    folder = store.folder / "iris" / "1"
    (folder / "model" / "model.skops").write_bytes(content if isinstance(content, bytes) else skops.io.dumps(content))
    files.seal(folder)
    with pytest.raises(ModelDamaged, match=r"does not hold an estimator|and not estimators alone"):
        store.load("iris")


def test_a_model_of_another_version_is_told(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """One line says which version made it and which is here."""
    store.save("iris:1", forest())
    info = store.folder / "iris" / "1" / "model.json"
    recorded = files.read_json(info)
    recorded["options"]["scikit-learn"] = "0.1"
    files.write_json(info, recorded)
    files.seal(info.parent)
    with caplog.at_level(logging.WARNING):
        store.load("iris")
    assert "the model is of scikit-learn 0.1, here is" in caplog.text


def test_it_runs_on_the_cpu_alone(store: Store) -> None:
    """A device that it cannot use is an error, not ignored."""
    store.save("iris:1", forest())
    with pytest.raises(StoreError, match="scikit-learn runs on the cpu, not on 'cuda'"):
        store.load("iris", device="cuda")
