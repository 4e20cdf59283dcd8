"""A model as a worker has it: what is known of it and its objects, and its weights only if somebody calls it there."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from serving.store import Model
from serving.store.model import ModelInfo
from serving.store.objects import read
from serving.store.store import Store


class LazyModel(Model):
    """Not loaded until its `predict` or `raw` is used."""

    def __init__(self, store: Store, info: ModelInfo, load: Callable[[], Model]) -> None:
        folder = store.path(info.tag)
        known = {"info": info, "path": folder, "objects": read(folder), "reference": store.reference(str(info.tag))}
        for name, value in known.items():
            object.__setattr__(self, name, value)
        once, lock = functools.cache(load), threading.Lock()

        def loaded() -> Model:
            with lock:
                return once()

        object.__setattr__(self, "_loaded", loaded)

    @property
    def predict(self) -> Callable[[Any], Any]:
        """Calls the model, which is loaded for it."""
        return self._loaded().predict

    @property
    def raw(self) -> Any:
        """The framework's own object, which is loaded for it."""
        return self._loaded().raw

    _loaded: Callable[[], Model]

    def __repr__(self) -> str:
        return f"LazyModel({self.info.tag})"
