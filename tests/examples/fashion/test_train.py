from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.fashion.train import revision
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
