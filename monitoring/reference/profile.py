"""The reference: what a model's inputs and outputs looked like when it was trained, small enough to read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from monitoring.reference.feature import Feature, ReferenceInvalid

FORMAT = 1
CONFIDENCE = "confidence"
"""The output feature by whose bins accuracy is estimated."""


@dataclass(frozen=True)
class Reference:
    """Everything that live traffic is compared with.

    `extraction` says, as plain data, how the features are made of a batch's inputs and outputs;
    `accuracy` is the share of right predictions in each bin of the output feature `confidence`.
    """

    features: tuple[Feature, ...]
    extraction: Mapping[str, Any] = field(default_factory=dict)
    accuracy: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()
    created: str = ""

    def __post_init__(self) -> None:
        """Refuse two features that could not be told apart, and an accuracy without its bins."""
        keys = [(feature.name, feature.role) for feature in self.features]
        if len(set(keys)) != len(keys):
            raise ReferenceInvalid(f"a feature is there twice: {sorted(k for k in keys if keys.count(k) > 1)}")
        confidence = self.confidence
        if self.accuracy and (confidence is None or len(self.accuracy) != len(confidence.bins)):
            raise ReferenceInvalid("accuracy has a number for each bin of the output feature 'confidence', or none")

    @property
    def confidence(self) -> Feature | None:
        """The output feature `confidence`, if it is watched."""
        return next((f for f in self.features if f.name == CONFIDENCE and f.role == "output"), None)

    @cached_property
    def hash(self) -> str:
        """Twelve digits that are other ones whenever anything that is compared is."""
        return hashlib.sha256(json.dumps(self._compared(), sort_keys=True).encode()).hexdigest()[:12]

    def _compared(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "features": [feature.plain() for feature in self.features],
            "extraction": dict(self.extraction),
            "accuracy": list(self.accuracy),
            "classes": list(self.classes),
        }

    def plain(self) -> dict[str, Any]:
        """The reference as plain data."""
        return {"created": self.created, "hash": self.hash, **self._compared()}

    def dumps(self) -> str:
        """The reference as JSON, a feature a line."""
        whole = self.plain()
        features = ",\n  ".join(json.dumps(feature) for feature in whole.pop("features"))
        rest = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in whole.items())
        return f'{{{rest},\n"features": [\n  {features}\n]}}\n'

    @classmethod
    def loads(cls, text: str | bytes) -> Reference:
        """Read what `dumps` wrote, and refuse what somebody has changed."""
        try:
            whole = json.loads(text)
            if whole["format"] != FORMAT:
                raise ReferenceInvalid(f"a reference of format {whole['format']!r}: this version reads {FORMAT}")
            read = cls(
                features=tuple(Feature.read(plain) for plain in whole["features"]),
                extraction=whole["extraction"],
                accuracy=tuple(whole["accuracy"]),
                classes=tuple(whole["classes"]),
                created=whole["created"],
            )
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ReferenceInvalid(f"not a reference: {type(error).__name__}: {error}") from None
        if whole["hash"] != read.hash:
            raise ReferenceInvalid(f"the reference was changed after it was learnt: {read.hash} is not {whole['hash']}")
        return read

    def save(self, path: str | Path) -> None:
        """Write it to a file."""
        Path(path).write_text(self.dumps(), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Reference:
        """Read it from a file."""
        return cls.loads(Path(path).read_text(encoding="utf-8"))
