from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.fashion.train import main, revision
from serving import Store


def test_the_default_training_is_accurate_and_says_what_it_does(trained: Any) -> None:
    """On digits, with default epochs: over 95 %, the data named, a progress bar, the saved version."""
    assert trained.code == 0, trained.err
    assert "Data: scikit-learn's digits, scaled to 28x28." in trained.out
    reached = re.search(r"Test accuracy: ([\d.]+)% on 359 pictures", trained.out)
    assert reached is not None
    assert float(reached[1]) > 95
    assert "training: 100%" in trained.err
    assert re.search(r"Saved fashion_mnist:\S+;", trained.out)


def test_the_model_is_in_the_store_with_what_is_known_of_it(trained: Any) -> None:
    """Labels, metadata (accuracy, data set, git revision) and the class names are saved with it."""
    model = Store(trained.home / "models").load("fashion_mnist", device="cpu")
    assert model.info.labels == {"task": "classification", "dataset": "digits"}
    assert model.info.metadata["accuracy"] > 0.95
    assert model.info.metadata["dataset"] == "digits"
    assert model.info.metadata["git_revision"] == revision()
    assert model.objects["classes"] == [str(digit) for digit in range(10)]
    assert model(np.zeros((3, 28, 28), dtype=np.float32)).shape == (3, 10)


def test_training_again_is_a_new_version(train: Callable[..., Any], tmp_path: Path) -> None:
    """The same training with one epoch is quick, and its accuracy is told as it is."""
    done = train("--epochs", "1", "--seed", "3")
    assert done.code == 0, done.err
    (info,) = Store(done.home / "models").list()
    assert f"Test accuracy: {info.metadata['accuracy']:.1%}" in done.out


def test_a_folder_without_the_data_is_two_lines(train: Callable[..., Any], tmp_path: Path) -> None:
    """The error names the folder and the file; the help says what needs no data."""
    done = train("--data-dir", str(tmp_path))
    assert done.code == 1
    assert done.err.splitlines() == [
        f"error: {tmp_path} has neither train-images-idx3-ubyte.gz nor train-images-idx3-ubyte",
        "help: --dataset digits needs no data",
    ]


@pytest.mark.parametrize("arguments", [("--epochs", "0"), ("--epochs", "-3"), ("--dataset", "cats")])
def test_wrong_arguments_are_refused(train: Callable[..., Any], arguments: tuple[str, str]) -> None:
    """Exit code 2, and the flag is named."""
    done = train(*arguments)
    assert done.code == 2
    assert arguments[0] in done.err


def test_the_model_has_a_reference_of_the_pictures_it_was_tested_on(trained: Any) -> None:
    """What it is given and answers, and how often it is right for each confidence; together that is its accuracy."""
    store = Store(trained.home / "models")
    reference = store.reference("fashion_mnist")
    assert reference is not None
    names = {feature.name: feature for feature in reference.features}
    assert {"brightness", "contrast", "sharpness", "residual", "predicted_class", "confidence"} <= names.keys()
    assert {feature.rows for feature in reference.features} == {359}
    estimated = np.average(reference.accuracy, weights=names["confidence"].counts)
    assert estimated == pytest.approx(store.find("fashion_mnist").metadata["accuracy"], abs=1e-4)


def test_a_model_that_has_no_reference_gets_one(train: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """`--reference-only` learns that of the latest model in the store; without a model it says what is missing."""
    done = train("--epochs", "1")
    store = Store(done.home / "models")
    learnt, model = store.reference("fashion_mnist"), store.load("fashion_mnist", device="cpu")
    bare = store.save("fashion_mnist", model.raw, metadata=model.info.metadata, custom=model.objects)
    assert store.reference("fashion_mnist") is None
    monkeypatch.setenv("SERVEWATCH_HOME", str(done.home))
    assert main(["--reference-only"]) == 0
    attached = store.reference(str(bare.tag))
    assert attached is not None
    assert learnt is not None
    assert attached.hash == learnt.hash


def test_a_reference_without_a_model_is_two_lines(train: Callable[..., Any]) -> None:
    """The store is empty: the error says so."""
    done = train("--reference-only")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[0] == "error: model 'fashion_mnist' is not in the store; it has no model"
