"""Dashboards through Grafana's own classes and back: what they do not know is lost on the way."""

from __future__ import annotations

import importlib
import importlib.util
import json
import warnings
from collections.abc import Iterator
from typing import Any

from servewatch.check.problem import Problem
from servewatch.check.sources import Source

NAME = "grafana_foundation_sdk"


def there() -> bool:
    """Whether the classes are installed: only who changes dashboards needs them."""
    return importlib.util.find_spec(NAME) is not None


def dropped(source: Source) -> Iterator[Problem]:
    """Find the keys that Grafana would drop, and what its classes cannot read at all."""
    try:
        after = through(source.content)
    except (TypeError, AttributeError, ValueError, KeyError) as failed:
        said = f"Grafana's classes cannot read it: {type(failed).__name__}: {failed}"
        yield Problem(source.file, "the dashboard", "", said, "the classic model")
        return
    for path in lost(source.content, after):
        yield Problem(source.file, path, "", "Grafana does not know this key, and drops it", "a key of its schema")


def through(board: dict[str, Any]) -> Any:
    """Read a dashboard with Grafana's classes, and write it again."""
    with warnings.catch_warnings():
        # The SDK would rather have the newer model, which Grafana does not load from files.
        warnings.simplefilter("ignore", DeprecationWarning)
        model = importlib.import_module(f"{NAME}.models.dashboard")
        importlib.import_module(f"{NAME}.cog.plugins").register_default_plugins()
        encoder = importlib.import_module(f"{NAME}.cog.encoder").JSONEncoder
        return json.loads(json.dumps(model.Dashboard.from_json(json.loads(json.dumps(board))), cls=encoder))


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    """Give the paths of what is in the first and not, or otherwise, in the second."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [p for key, value in before.items() for p in lost(value, after.get(key), f"{path}/{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [p for at, (one, other) in pairs for p in lost(one, other, f"{path}/{at}")]
    return [] if before == after or (not before and after is None) else [path]
