"""The model store: names, versions, labels, metadata, custom objects; whole or not at all; checked when loaded."""

from __future__ import annotations

from serving.store.model import Model, ModelInfo
from serving.store.store import Store
from serving.store.tag import Tag

__all__ = ["Model", "ModelInfo", "Store", "Tag"]
