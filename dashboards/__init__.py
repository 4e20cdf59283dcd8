"""What is drawn: Grafana dashboards, a file each, generated from the declarations that alerts stand on."""

from __future__ import annotations

import functools
import importlib

DASHBOARDS: dict[str, str]
"""Every dashboard: its file's name, and its JSON. Rendered when it is first asked for."""

_MODULES = ("fleet", "service", "quality", "slo", "stack")


def __getattr__(name: str) -> dict[str, str]:
    if name != "DASHBOARDS":
        raise AttributeError(f"module 'dashboards' has no attribute {name!r}")
    return _rendered()


@functools.cache
def _rendered() -> dict[str, str]:
    return {name: importlib.import_module(f"dashboards.{name}").render() for name in _MODULES}
