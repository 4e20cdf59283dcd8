"""BentoML 1.4: adaptive batching on, its limits at what served this model best in trials of theirs and ours."""

import os

import bentoml
import numpy as np
import torch
from network import answer, model


@bentoml.service(
    workers=int(os.environ.get("BENCH_WORKERS", "1")),
    threads=1,
    traffic={"timeout": 30},
    metrics={"enabled": True},
    logging={"access": {"enabled": False}},
)
class Bento:
    """The model of the benchmark."""

    def __init__(self) -> None:
        self.model = model()

    @bentoml.api(batchable=True, batch_dim=0, max_batch_size=64, max_latency_ms=1000, route="/classify")
    async def classify(self, pictures: np.ndarray) -> list[dict]:
        """Rows of many requests."""
        with torch.inference_mode():
            return [answer(row) for row in self.model(torch.from_numpy(np.asarray(pictures, np.float32))).numpy()]
