"""How a model is made to run faster than it was saved: its numbers, its compilation, the sizes of its batches."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from serving.settings import Settings

PLAIN = "off"
NAMES = "auto, cpu, cuda, cuda:N"
"""What a device may be called."""

_NAME = re.compile(r"(auto|cpu|cuda)|cuda:(\d+)")


def index_of(device: str) -> int | None:
    """Which GPU this name means, the first unless it says; None where it is no name of a device."""
    found = _NAME.fullmatch(device)
    return int(found[2] or 0) if found else None


@dataclass(frozen=True, slots=True)
class Tuning:
    """What a framework may do to a model that it has loaded."""

    dtype: str = "float32"
    """bfloat16 halves what weights and activations take; answers are float32 all the same."""
    compile: str = PLAIN
    """off, graphs (CUDA graphs) or compile (torch.compile)."""
    rows: tuple[int, ...] = ()
    """The sizes of batches that it is compiled for: others are padded up to the next."""

    @classmethod
    def of(cls, settings: Settings) -> Tuning:
        """What the settings say."""
        rows = sorted({int(size) for size in settings.compile_rows.split(",")})
        return cls(settings.dtype, settings.compile, () if settings.compile == PLAIN else tuple(rows))

    def padded(self, rows: int) -> int:
        """The size that a batch of so many rows is brought to; one above all sizes stays as it is."""
        at = bisect_left(self.rows, rows)
        return self.rows[at] if at < len(self.rows) else rows
