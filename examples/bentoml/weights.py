"""Writes the model `fashion_mnist` of the store as a plain file of numpy arrays: read without servewatch or torch."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from serving import Store
from serving.errors import StoreError

FILE = Path(__file__).with_name("weights.npz")
_LAYERS = (1, 3, 5)


def write(store: Store, file: Path) -> None:
    """Write weights, biases and the names of the classes."""
    model = store.load("fashion_mnist", device="cpu")
    state = {name: tensor.numpy() for name, tensor in model.raw.state_dict().items()}
    arrays = {f"weight{at}": state[f"layers.{layer}.weight"] for at, layer in enumerate(_LAYERS)}
    arrays |= {f"bias{at}": state[f"layers.{layer}.bias"] for at, layer in enumerate(_LAYERS)}
    np.savez(file, allow_pickle=False, classes=np.array(model.objects["classes"]), **arrays)


def main() -> int:
    """Write them beside the service."""
    try:
        write(Store(), FILE)
    except StoreError as error:
        print(f"error: {error}\nhelp: python -m examples.fashion.train", file=sys.stderr)
        return 1
    print(f"Wrote {FILE}; in {FILE.parent}: bentoml serve service:Bento")
    return 0


if __name__ == "__main__":
    sys.exit(main())
