"""The network: 784-512-512-10."""

from __future__ import annotations

import torch
from torch import nn


class MLP(nn.Module):
    """Three dense layers over the flattened picture; the answer is logits."""

    def __init__(self, hidden: int = 512, classes: int = 10) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(28 * 28, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """From (N, 28, 28) grey values in 0..1 to (N, classes) logits."""
        logits: torch.Tensor = self.layers(images)
        return logits
