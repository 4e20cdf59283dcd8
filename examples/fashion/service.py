"""What is on the picture? `servewatch serve examples.fashion.service:Fashion`."""

from __future__ import annotations

from typing import Annotated, Any, TypedDict

import numpy as np

from serving import Image, NDArray, api, batched, service, use
from serving.errors import UnfitInput

Array = np.ndarray[Any, np.dtype[Any]]


class Prediction(TypedDict):
    """The likeliest class, and the probability of each."""

    label: str
    index: int
    probabilities: list[float]


@service(name="fashion", version="1.0.0")
class Fashion:
    """Classifies pictures of 28x28 grey values with the model `fashion_mnist` of the store."""

    model = use("fashion_mnist:latest")

    def __init__(self) -> None:
        self.classes: list[str] = self.model.objects["classes"]

    @batched(max_rows=64, watch=True)
    def classify(self, images: Array) -> Array:
        """Probabilities of each class, for the pictures of many requests at once."""
        logits: Array = self.model(images)
        if not np.isfinite(logits).all():
            raise UnfitInput("the picture's values are too large to classify it", "grey values are in 0..1")
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities: Array = powers / powers.sum(axis=1, keepdims=True)
        return probabilities

    @api
    async def predict(self, image: Annotated[Array, Image(mode="L", size=(28, 28))]) -> Prediction:
        """Classify a picture: a PNG or JPEG as the body, or as the form field `image`."""
        pixels = image.astype(np.float32) / 255
        return self._name((await self.classify(pixels[None]))[0])

    @api
    async def predict_array(self, images: Annotated[Array, NDArray("float32", ("N", 28, 28))]) -> list[Prediction]:
        """Classify arrays of grey values in 0..1: one 28x28, or N of them, as JSON or npy."""
        return [self._name(row) for row in await self.classify(images)]

    def _name(self, probabilities: Array) -> Prediction:
        index = int(probabilities.argmax())
        return {"label": self.classes[index], "index": index, "probabilities": probabilities.tolist()}
