"""What is declared in a file but left out of the list that everything is generated from."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import alerts
from alerts.rules import Alert, Recording
from monitoring import catalogue
from monitoring.catalogue import Metric

Declaration = Metric | Recording | Alert


def forgotten() -> dict[str, str]:
    """Where to add it, by each name that a query might read."""
    found: dict[str, str] = {}
    for made, file, inside in _declarations():
        kind, own, whole = _lists(made)
        if made in whole:
            continue
        package = "monitoring/catalogue" if kind is Metric else "alerts"
        listed = made in getattr(inside, own, ())
        where = f"its file's {own} is not in {package}/__init__.py" if listed else f"not in its {own}"
        found |= dict.fromkeys(_names(made), f"declared in {package}/{file}.py, but {where}")
    return found


def _declarations() -> Iterator[tuple[Declaration, str, ModuleType]]:
    for package in (catalogue, alerts):
        for module in pkgutil.iter_modules(package.__path__):
            inside = importlib.import_module(f"{package.__name__}.{module.name}")
            for value in vars(inside).values():
                for made in value.values() if isinstance(value, Mapping) else (value,):
                    if isinstance(made, Metric | Recording | Alert):
                        yield made, module.name, inside


def _lists(made: Declaration) -> tuple[type, str, tuple[Any, ...]]:
    if isinstance(made, Metric):
        return Metric, "ALL", catalogue.ALL
    if isinstance(made, Recording):
        return Recording, "RECORDINGS", alerts.RECORDINGS
    return Alert, "ALERTS", alerts.ALERTS


def _names(made: Declaration) -> list[str]:
    return [made.name] if isinstance(made, Alert) else [made.name, *made.series]
