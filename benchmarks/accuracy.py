"""How near are estimated and measured accuracy to the truth? `python -m benchmarks.accuracy`, about a minute.

The demo's network learns half of scikit-learn's digits, its reference a quarter, and the last quarter is traffic whose
truth is known: as it is, in another mix of classes, and damaged. Labels are of a tenth of the rows, chosen more often
where the model was unsure; they are sent through the same ids and counters as a service's.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry
from scipy import ndimage

from examples.fashion.data import Dataset, digits
from examples.fashion.model import MLP
from examples.fashion.train import train
from monitoring import Metrics
from monitoring.catalogue import quality
from monitoring.quality import Feedback, Identifier, Subject
from monitoring.quality.ids import unpack
from monitoring.reference import Reference, learn

Array = NDArray[np.float32]
Labels = NDArray[np.int64]
ROWS = 2000
SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """One run of traffic: what was true, what was thought."""

    true: float
    estimated: float
    labelled: float
    plain: float


def main(arguments: list[str] | None = None) -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6, help="networks that are trained, each on another split")
    parser.add_argument("--epochs", type=int, default=30)
    given = parser.parse_args(arguments)
    found: dict[str, list[Result]] = {}
    for seed in range(given.seeds):
        for name, result in run(seed, given.epochs):
            found.setdefault(name, []).append(result)
    print(f"{'traffic':<22} true    estimated error     10% labels, weighed  10% labels, plain")
    print(f"{'':<22}         mean    mean    worst     mean    worst        mean    worst")
    for name, results in found.items():
        true = float(np.mean([result.true for result in results]))
        estimated = _errors([result.estimated - result.true for result in results])
        labelled = _errors([result.labelled - result.true for result in results])
        plain = _errors([result.plain - result.true for result in results])
        print(f"{name:<22} {true:.3f}   {estimated}   {labelled}      {plain}")


def _errors(errors: list[float]) -> str:
    return f"{np.mean(errors):+.3f}  {max(errors, key=abs):+.3f}"


def run(seed: int, epochs: int) -> Iterator[tuple[str, Result]]:
    """One network, and each kind of traffic."""
    chance = np.random.default_rng(seed)
    data = digits(seed)
    images = np.concatenate((data.train_images, data.test_images)).astype(np.float32)
    labels = np.concatenate((data.train_labels, data.test_labels)).astype(np.int64)
    half, rest = len(images) // 2, 3 * len(images) // 4
    torch.manual_seed(seed)
    model = MLP()
    part = Dataset("half", data.classes, images[:half], labels[:half], images[half:], labels[half:])
    train(model, part, epochs)
    model.eval()

    def ask(pictures: Array) -> Array:
        with torch.inference_mode():
            return torch.softmax(model(torch.from_numpy(pictures)), 1).numpy()

    reference = learn(images[half:rest], ask(images[half:rest]), labels[half:rest], classes=data.classes)
    for name, (shown, truth) in traffic(images[rest:], labels[rest:], chance):
        yield name, judge(reference, ask(shown), truth, chance)


def traffic(images: Array, labels: Labels, chance: np.random.Generator) -> Iterator[tuple[str, tuple[Array, Labels]]]:
    """Rows drawn from what the network has never seen."""

    def drawn(weight: NDArray[np.float64]) -> tuple[Array, Labels]:
        chosen = chance.choice(len(labels), ROWS, p=weight / weight.sum())
        return images[chosen], labels[chosen]

    even = np.ones(len(labels))
    yield "as the reference", drawn(even)
    yield "half are 8 and 9", drawn(np.where(labels >= 8, 4.0, 1.0))
    yield "hardly any 0 to 4", drawn(np.where(labels < 5, 0.1, 1.0))
    damaged: dict[str, Callable[[Array], Array]] = {
        "blurred": lambda shown: ndimage.gaussian_filter(shown, (0, 2, 2)),
        "noisy": lambda shown: shown + chance.normal(0, 0.3, shown.shape).astype(np.float32),
        "rotated by 45 degrees": lambda shown: ndimage.rotate(shown, 45, (1, 2), reshape=False, order=1),
        "inverted": lambda shown: 1 - shown,
    }
    for name, damage in damaged.items():
        shown, truth = drawn(even)
        yield name, (damage(shown).astype(np.float32), truth)


def judge(reference: Reference, answers: Array, truth: Labels, chance: np.random.Generator) -> Result:
    """Compare with the truth what the ids and the counters of a service would make of these answers."""
    registry = CollectorRegistry()
    identify = Identifier(Subject("mlp", "1", reference))
    feedback = Feedback([identify.ids], Metrics(registry, {"service": "s", "version": "1"}))
    texts = [identify(answers[at : at + 1]) or "" for at in range(len(answers))]
    read = (identify.ids.read(unpack(text)[1]) for text in texts)
    places = [found.bins[0] for found in read if found is not None]
    rows = np.bincount(places, minlength=len(reference.accuracy))[:-1]
    accuracy = np.array(reference.accuracy[:-1])
    unsure = 1.3 - answers.max(axis=1)
    some = chance.choice(len(truth), int(SHARE * len(truth)), replace=False, p=unsure / unsure.sum())
    feedback.take([{"id": texts[at], "label": int(truth[at])} for at in some])
    labelled, correct = (_counted(registry, metric.name, reference) for metric in (quality.LABELLED, quality.CORRECT))
    weighed = (correct + accuracy) / (labelled + 1)
    right = answers.argmax(axis=1) == truth
    share = rows / rows.sum()
    return Result(float(right.mean()), float(share @ accuracy), float(share @ weighed), float(right[some].mean()))


def _counted(registry: CollectorRegistry, name: str, reference: Reference) -> NDArray[np.float64]:
    whose = {"service": "s", "version": "1", "model": "mlp", "model_version": "1", "reference": reference.hash}
    bins = reference.confidence.bins[:-1] if reference.confidence is not None else ()
    return np.array([registry.get_sample_value(name, {**whose, "bin": bin}) for bin in bins], np.float64)


if __name__ == "__main__":
    main()
