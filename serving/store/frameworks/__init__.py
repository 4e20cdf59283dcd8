"""Frameworks that models come from: a file each, imported when a model of it is saved or loaded."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from monitoring.articles import a
from serving.errors import StoreError

FRAMEWORKS = {"pytorch": "torch", "sklearn": "sklearn", "onnx": "onnx"}
"""Name of a framework, and the library that its models come from, as which our extra is called too."""

FILES = {".onnx": "onnx"}
"""Files that are models: what their names end in, and the framework."""


class Framework(Protocol):
    """What a file in this folder offers as a module."""

    name: str

    def owns(self, model: Any) -> bool:
        """Whether it can save this object."""

    def save(self, model: Any, folder: Path, **options: Any) -> dict[str, Any]:
        """Write the model's files; what is given back is recorded, and given to `load`."""

    def load(
        self, folder: Path, options: Mapping[str, Any], device: str, threads: int
    ) -> tuple[Any, Callable[[Any], Any]]:
        """The raw model, and a function from rows to rows."""


def named(name: str) -> Framework:
    """The framework of that name; where its library is not installed, what to install."""
    if name not in FRAMEWORKS:
        raise StoreError(f"framework {name!r} is not known; known are {', '.join(FRAMEWORKS)}", "upgrade servewatch")
    try:
        return cast(Framework, importlib.import_module(f"{__name__}.{name}"))
    except ImportError as error:
        raise StoreError(
            f"the model needs {name}, which cannot be imported: {error}",
            f"pip install 'servewatch[{FRAMEWORKS[name]}]'",
        ) from None


def of(model: Any) -> Framework:
    """The framework that a model belongs to, told by the modules of its class, or by a file's name."""
    if isinstance(model, Path) and model.suffix in FILES:
        return named(FILES[model.suffix])
    libraries = {cls.__module__.partition(".")[0] for cls in type(model).__mro__}
    for name, library in FRAMEWORKS.items():
        if library in libraries and named(name).owns(model):
            return named(name)
    raise StoreError(
        f"{a(f'{type(model).__module__}.{type(model).__qualname__}')} is no model that can be saved",
        f"the store takes models of: {', '.join(FRAMEWORKS)}",
    )
