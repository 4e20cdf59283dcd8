"""All processes of a service have the same version of a model, also where `latest` moves between their starts."""

from __future__ import annotations

from serving.processes.control import Control
from serving.store import Store
from serving.store.model import ModelInfo


def pinned(control: Control, store: Store, tag: str) -> ModelInfo:
    """The version that the first process of the service found under this tag."""
    found = store.find(tag)
    version = control.ask("pin", tag, found.version)
    return found if version == found.version else store.find(f"{found.name}:{version}")
