"""What can be said to a learner about the data and the outputs; everything else it sees for itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from monitoring.reference.feature import MOST_EDGES, ReferenceInvalid
from monitoring.reference.outputs import KINDS, Kind

Data = Literal["columns", "images", "embeddings"]
DATA: tuple[Data, ...] = ("columns", "images", "embeddings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `learn` and `Learner`."""

    names: Sequence[str] | None = None
    """Names of the columns of an array that has none of its own."""
    inputs_are: Data | None = None
    """`columns`, `images` or `embeddings`; else arrays of more than two axes are images, all others columns."""
    outputs_are: Kind | None = None
    """`probabilities` (or logits) of each class, `probability` of the second of two, `classes`, or `numbers`."""
    classes: Sequence[str] = ()
    """Names of the classes, in the order of the probabilities."""
    categories: Sequence[str] = ()
    """Columns of numbers that are names of something."""
    leave_out: Sequence[str] = ()
    """Columns that are not watched."""
    bins: int = 10
    """Bins of a number between the smallest and the largest of the reference."""
    top: int = 20
    """Values of a category that are told apart."""
    least: int = 5
    """Rows that must have a value of a category before it is named in the reference."""
    dtype: str = "float32"
    """The type that the service is given numbers in."""
    sample: int = 10_000
    """Rows that what is measured of a whole row is learnt from."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        """Refuse what cannot be done."""
        if self.inputs_are not in (None, *DATA):
            raise ReferenceInvalid(f"inputs_are is {self.inputs_are!r}; it is one of {', '.join(DATA)}")
        if self.outputs_are not in (None, *KINDS):
            raise ReferenceInvalid(f"outputs_are is {self.outputs_are!r}; it is one of {', '.join(KINDS)}")
        if not 2 <= self.bins < MOST_EDGES:
            raise ReferenceInvalid(f"bins is {self.bins}; it is a number from 2 to {MOST_EDGES - 1}")
        if self.top < 1 or self.least < 1 or self.sample < 1:
            raise ReferenceInvalid(f"top ({self.top}), least ({self.least}) and sample ({self.sample}) are above 0")
        if np.dtype(self.dtype).name not in ("float32", "float64"):
            raise ReferenceInvalid(f"dtype is {self.dtype!r}; it is float32 or float64")
        if len(set(self.classes)) != len(self.classes):
            raise ReferenceInvalid(f"a class is there twice: {tuple(self.classes)}")

    @classmethod
    def of(cls, given: dict[str, Any]) -> Options:
        """From keywords; one that is not known is named."""
        known = [field.name for field in fields(cls)]
        if unknown := sorted(given.keys() - set(known)):
            raise ReferenceInvalid(f"{unknown[0]!r} is no option of learning; there are {', '.join(known)}")
        return cls(**given)
