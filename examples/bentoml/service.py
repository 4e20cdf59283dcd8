"""A plain BentoML service that knows nothing of servewatch: a picture in, its label out.

The weights are a file that `python -m examples.bentoml.weights` writes.
"""

# mypy: disable-error-code="untyped-decorator, no-any-return, misc"

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import bentoml
import numpy as np
from PIL.Image import Image as Picture

WEIGHTS = Path(__file__).with_name("weights.npz")


@bentoml.service(traffic={"timeout": 30})
class Bento:
    """The Fashion-MNIST classifier, in numpy."""

    def __init__(self) -> None:
        with np.load(WEIGHTS) as saved:
            self.classes = [str(name) for name in saved["classes"]]
            self.layers = [(saved[f"weight{at}"], saved[f"bias{at}"]) for at in range(3)]

    @bentoml.api(batchable=True, batch_dim=0, max_batch_size=64, max_latency_ms=200)
    def classify(self, pictures: np.ndarray) -> list[dict[str, Any]]:
        """Label pictures of 28x28 grey values in 0..1, those of many requests at once."""
        return self._label(pictures)

    @bentoml.api
    def predict(self, image: Annotated[Picture, bentoml.validators.ContentType("image/*")]) -> dict[str, Any]:
        """Label a picture: a PNG or JPEG as the form field `image`."""
        grey = np.asarray(image.convert("L").resize((28, 28)), np.float32) / 255
        return self._label(grey[None])[0]

    def _label(self, pictures: np.ndarray) -> list[dict[str, Any]]:
        rows = np.asarray(pictures, np.float32).reshape(len(pictures), -1)
        for weight, bias in self.layers[:-1]:
            rows = np.maximum(rows @ weight.T + bias, 0)
        weight, bias = self.layers[-1]
        indices = (rows @ weight.T + bias).argmax(axis=1)
        return [{"label": self.classes[at], "index": int(at)} for at in indices]
