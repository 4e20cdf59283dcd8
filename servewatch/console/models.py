"""The model store as the page gets it."""

from __future__ import annotations

from typing import Any

from servewatch.console.errors import RouteUnknown
from serving.errors import ModelNotFound
from serving.store import Store, objects


def listed(store: Store) -> list[dict[str, Any]]:
    """Every version in the store, the newest of each model first, with the hash of its reference."""
    return [_entry(store, info.name, info.version) for info in reversed(store.list())]


def _entry(store: Store, name: str, version: str) -> dict[str, Any]:
    info, reference = store.find(f"{name}:{version}"), store.reference(f"{name}:{version}")
    latest = store.find(name).version == version
    return {**info.listed(), "latest": latest, "reference": reference.hash if reference is not None else None}


def shown(store: Store, name: str, version: str) -> dict[str, Any]:
    """All that is known of a version, its reference's features with their edges among it."""
    tag = f"{name}:{version}"
    try:
        info, reference = store.find(tag), store.reference(tag)
    except ModelNotFound as missing:
        raise RouteUnknown(missing.message, missing.help) from None
    learnt = None
    if reference is not None:
        features = [{**feature.plain(), "bins": feature.bins} for feature in reference.features]
        learnt = {"hash": reference.hash, "created": reference.created, "features": features}
    custom = objects.names(store.path(info.tag))
    return {**_entry(store, info.name, info.version), "custom": custom, "options": dict(info.options), "learnt": learnt}
