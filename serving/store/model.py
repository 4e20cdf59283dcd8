"""A model in the store: what is known of it, and the model itself once it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from monitoring.articles import a
from monitoring.reference import Reference
from serving.errors import ModelDamaged
from serving.store import files
from serving.store.tag import Tag

_KINDS = {"str": str, "int": int, "Mapping": dict}


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What the store knows of one version of a model."""

    name: str
    version: str
    framework: str
    created: str
    labels: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    size: int = 0

    @classmethod
    def read(cls, path: Path) -> ModelInfo:
        """From the store's JSON file."""
        found = files.read_json(path)
        kinds = {field.name: _KINDS[str(field.type).partition("[")[0]] for field in fields(cls)}
        try:
            info = cls(**found)
        except TypeError as error:
            raise ModelDamaged(f"{path} does not describe a model: {error}", "save or import the model again") from None
        for name, kind in kinds.items():
            if not isinstance(getattr(info, name), kind):
                raise ModelDamaged(
                    f"{path} has {getattr(info, name)!r} as {name}, which is not {a(kind.__name__)}",
                    "save or import the model again",
                )
        Tag(info.name, info.version)
        return info

    @property
    def tag(self) -> Tag:
        """Its name and version."""
        return Tag(self.name, self.version)

    def listed(self) -> dict[str, Any]:
        """What `servewatch models list --json` shows of it."""
        keys = ("name", "version", "framework", "created", "labels", "metadata", "size")
        return {key: getattr(self, key) for key in keys}


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model: call it with rows, as an array, and it answers with rows."""

    info: ModelInfo
    path: Path
    predict: Callable[[Any], Any]
    objects: Mapping[str, Any] = field(default_factory=dict)
    raw: Any = None
    reference: Reference | None = None
    """What its inputs and outputs looked like when it was trained, if that was learnt."""

    def __call__(self, rows: Any) -> Any:
        return self.predict(rows)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.info.name

    @property
    def version(self) -> str:
        """The version that was loaded, never `latest`."""
        return self.info.version
