"""servewatch: typed input, batches, all metrics on."""

from typing import Annotated, Any

import numpy as np
import torch
from network import answer, model

from serving import NDArray, api, batched, service

Array = np.ndarray[Any, np.dtype[Any]]


@service(name="bench")
class Bench:
    """The model of the benchmark."""

    def __init__(self) -> None:
        self.model = model()

    @batched(max_rows=64)
    def classify(self, pictures: Array) -> Array:
        """Probabilities for the pictures of many requests."""
        with torch.inference_mode():
            return self.model(torch.from_numpy(np.ascontiguousarray(pictures).copy())).numpy()

    @api
    async def predict(self, picture: Annotated[Array, NDArray("float32", (28, 28))]) -> dict[str, Any]:
        """One picture in, label and probabilities out."""
        return answer((await self.classify(picture[None]))[0])
