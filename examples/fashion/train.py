"""Trains the classifier and puts it in the store: `python -m examples.fashion.train`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn
from tqdm import tqdm

from examples.fashion.data import Array, DataError, Dataset, digits, fashion
from examples.fashion.model import MLP
from monitoring.reference import Reference, learn
from serving import Settings, Store
from serving.errors import ServewatchError

NAME = "fashion_mnist"


def train(model: nn.Module, data: Dataset, epochs: int, batch: int = 64) -> None:
    """Adam on batches that are moved by up to two pixels, with a bar that tells how far it is."""
    images, labels = torch.from_numpy(data.train_images), torch.from_numpy(data.train_labels)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, weight_decay=1e-5)
    steps = -(-len(images) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=epochs * steps)
    loss_of = nn.CrossEntropyLoss()
    model.train()
    with tqdm(total=epochs * steps, desc="training", unit="batch", file=sys.stderr) as bar:
        for epoch in range(epochs):
            for chosen in torch.split(torch.randperm(len(images)), batch):
                shift = tuple(torch.randint(-2, 3, (2,)).tolist())
                loss = loss_of(model(torch.roll(images[chosen], shift, dims=(1, 2))), labels[chosen])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                bar.update()
            bar.set_postfix(epoch=epoch + 1, loss=f"{loss.item():.3f}")


@torch.inference_mode()
def logits(model: nn.Module, images: Array) -> Array:
    """What the model answers for many pictures."""
    model.eval()
    parts = [model(part).numpy() for part in torch.split(torch.from_numpy(images), 1000)]
    return np.concatenate(parts)


def accuracy(model: nn.Module, data: Dataset) -> float:
    """The share of test pictures that get the right class."""
    return float((logits(model, data.test_images).argmax(axis=1) == data.test_labels).mean())


def reference(model: nn.Module, data: Dataset) -> Reference:
    """What live traffic is compared with: the test pictures, as confidence is the true one on unseen pictures only."""
    return learn(data.test_images, logits(model, data.test_images), data.test_labels, classes=data.classes)


def revision() -> str:
    """The git revision of the code, with a mark where it has changes; `unknown` outside a checkout."""
    folder = Path(__file__).parent
    try:
        asked = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def choose(dataset: str, data_dir: Path | None) -> Dataset:
    """Load what was asked for, and say what it is."""
    if dataset == "digits" and data_dir is None:
        print(
            "Data: scikit-learn's digits, scaled to 28x28. No network needed; --dataset fashion fetches Fashion-MNIST."
        )
        return digits()
    if data_dir is not None:
        print(f"Data: Fashion-MNIST from {data_dir}.")
        return fashion(data_dir)
    print("Data: Fashion-MNIST, fetched where it is not there yet.")
    return fashion(Settings.load().home / "data" / "fashion-mnist", download=True)


def attach_reference(data_dir: Path | None) -> int:
    """Learn the reference of the latest model that is in the store, from the pictures that it was tested on."""
    model = Store().load(NAME, device="cpu")
    trained_on = {"digits": "digits", "fashion-mnist": "fashion"}.get(str(model.info.metadata.get("dataset")))
    if trained_on is None:
        raise DataError(f"{model.info.tag} does not say what it was trained on: its metadata are {model.info.metadata}")
    data = choose(trained_on, data_dir)
    saved = Store().attach(str(model.info.tag), reference(model.raw, data))
    print(f"{saved.tag} has a reference now; `servewatch reference show {NAME}`.")
    return 0


def _epochs(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number over 0")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, test, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", choices=["digits", "fashion"], default="digits")
    parser.add_argument("--data-dir", type=Path, help="folder with Fashion-MNIST's four IDX files")
    parser.add_argument("--epochs", type=_epochs, help="default: 30 on digits, 5 on Fashion-MNIST")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--reference-only", action="store_true", help="learn the reference of the model in the store")
    given = parser.parse_args(arguments)
    try:
        if given.reference_only:
            return attach_reference(given.data_dir)
        data = choose(given.dataset, given.data_dir)
    except DataError as error:
        print(f"error: {error}\nhelp: --dataset digits needs no data", file=sys.stderr)
        return 1
    except ServewatchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    torch.manual_seed(given.seed)
    torch.set_num_threads(1)  # the model is small: on a busy machine two would mostly wait for each other
    model, start = MLP(), time.monotonic()
    train(model, data, given.epochs or (30 if data.name == "digits" else 5))
    reached, took = accuracy(model, data), time.monotonic() - start
    print(f"Test accuracy: {reached:.1%} on {len(data.test_labels)} pictures, after {took:.0f} s.")
    saved = Store().save(
        NAME,
        model,
        labels={"task": "classification", "dataset": data.name},
        metadata={"accuracy": round(reached, 4), "dataset": data.name, "git_revision": revision()},
        custom={"classes": list(data.classes)},
        reference=reference(model, data),
    )
    print(f"Saved {saved.tag}; `servewatch models show {NAME}` tells what is known of it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
