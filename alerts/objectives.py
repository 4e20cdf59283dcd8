"""Objectives as somebody writes them: `availability 99.9%`, in a service's declaration or in slos.yml."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from monitoring.catalogue import requests

Kind = Literal["availability", "latency", "freshness", "drift-free", "ratio"]

FILE = "slos.yml"
EVERY = "*"
"""The name under which slos.yml speaks of every service that says nothing else."""

WINDOW = "$window"
"""What stands for the window in the queries of an objective of one's own."""

_TEXT = re.compile(r"(?P<kind>[a-z-]+) +(?P<percent>[0-9.]+) *%(?: +under +(?P<under>[0-9.]+) *(?P<unit>[a-z]+))?\Z")
_NAME = re.compile(r"[a-z][a-z0-9_-]*\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BOUNDED = ("latency", "freshness")
_PLAIN = ("availability", "drift-free")
_SHAPES = "availability 99.9%, latency 99% under 0.5s, freshness 99% under 30d, drift-free 95%"
_OWN = {"name", "objective", "errors", "total"}


class ObjectiveInvalid(ValueError):
    """An objective was written that cannot be kept or cannot be measured."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A promise: of one service, or of every service that has no promise of the same name."""

    name: str
    kind: Kind
    ratio: float
    service: str = ""
    under: float = 0.0
    errors: str = ""
    total: str = ""

    def __post_init__(self) -> None:
        """Refuse what leaves no budget or has no bucket."""
        if not _NAME.match(self.name):
            raise ObjectiveInvalid(f"{self} has no name that a label can have: small letters, digits, - and _")
        if not 0 < self.ratio < 1:
            raise ObjectiveInvalid(f"{self} leaves no budget, or nothing else: it is more than 0% and less than 100%")
        if self.kind == "latency" and self.under not in requests.DURATION.buckets:
            bounds = ", ".join(f"{bound:g}" for bound in requests.DURATION.buckets)
            raise ObjectiveInvalid(
                f"{self}: {self.under:g} s is no bound of {requests.DURATION.name}, which has {bounds}"
            )
        if self.kind == "freshness" and self.under <= 0:
            raise ObjectiveInvalid(f"{self}: a model is never younger than nothing; say `under 30d`")

    def __str__(self) -> str:
        bound = f" under {self.under:g}s" if self.under else ""
        return f"objective {self.name!r} of {self.service or 'every service'} ({100 * self.ratio:g}%{bound})"


DEFAULTS = (
    Objective("availability", "availability", 0.999),
    Objective("latency", "latency", 0.99, under=0.5),
)
"""What every service promises that says nothing else."""


def parse(text: str, service: str = "", name: str = "") -> Objective:
    """Read one line such as `latency 99% under 250ms`."""
    match = _TEXT.match(text.strip())
    kind = match["kind"] if match else ""
    if match is None or kind not in (*_PLAIN, *_BOUNDED) or (kind in _BOUNDED) != bool(match["under"]):
        raise ObjectiveInvalid(f"objective {text!r} of {service or 'every service'} is none of {_SHAPES}")
    try:
        ratio, under = float(match["percent"]) / 100, float(match["under"] or 0)
    except ValueError:
        raise ObjectiveInvalid(f"objective {text!r} has a number that is none") from None
    if match["unit"] and match["unit"] not in _SECONDS:
        raise ObjectiveInvalid(f"objective {text!r} has the unit {match['unit']!r}; there are {', '.join(_SECONDS)}")
    seconds = under * _SECONDS.get(match["unit"] or "s", 1.0)
    known: Kind = kind  # type: ignore[assignment]
    return Objective(name or kind, known, round(ratio, 9), service, round(seconds, 9))


def read(path: Path) -> tuple[Objective, ...]:
    """Read slos.yml: a list of objectives under each service's name, `*` for every other service."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as failed:
        raise ObjectiveInvalid(f"{path} is no YAML that can be read: {failed}") from failed
    if not isinstance(document, dict) or not all(isinstance(entries, list) for entries in document.values()):
        raise ObjectiveInvalid(
            f"{path} has no list of objectives under each service's name, like `fashion: [{_SHAPES}]`"
        )
    found = (_entry(entry, str(service)) for service, entries in document.items() for entry in entries)
    try:
        return tuple(found)
    except ObjectiveInvalid as wrong:
        raise ObjectiveInvalid(f"{path}: {wrong}") from wrong


def _entry(entry: Any, service: str) -> Objective:
    service = "" if service == EVERY else service
    if isinstance(entry, str):
        return parse(entry, service)
    if not isinstance(entry, dict) or not {"name", "objective"} <= entry.keys() <= _OWN:
        raise ObjectiveInvalid(f"{entry!r} of {service or EVERY} is neither a text nor has {', '.join(sorted(_OWN))}")
    name, promised = str(entry["name"]), str(entry["objective"])
    if "errors" not in entry and "total" not in entry:
        return parse(promised, service, name)
    return _own(entry, service, name, promised)


def _own(entry: dict[str, Any], service: str, name: str, promised: str) -> Objective:
    errors, total = str(entry.get("errors", "")), str(entry.get("total", ""))
    if WINDOW not in errors or WINDOW not in total or not service:
        raise ObjectiveInvalid(
            f"objective {name!r} of {service or EVERY} needs a service, and both errors and total with [{WINDOW}], "
            f"like sum(rate(checkouts_total[{WINDOW}]))"
        )
    percent = re.fullmatch(r"([0-9.]+) *%", promised)
    if percent is None:
        raise ObjectiveInvalid(f"objective {name!r} of {service} promises {promised!r}, which is no share like 99.5%")
    return Objective(name, "ratio", round(float(percent[1]) / 100, 9), service, errors=errors, total=total)


def resolve(own: Iterable[Objective]) -> tuple[Objective, ...]:
    """Put the defaults beside what is declared; what `*` says takes the place of a default of the same name."""
    found = {(objective.service, objective.name): objective for objective in DEFAULTS}
    seen: set[tuple[str, str]] = set()
    for objective in own:
        key = (objective.service, objective.name)
        if key in seen:
            raise ObjectiveInvalid(f"{objective} is declared twice: give one of them another name")
        seen.add(key)
        found[key] = objective
    return tuple(found.values())


def named(texts: Iterable[str], service: str) -> Iterator[Objective]:
    """Read what a service's declaration lists."""
    return (parse(text, service) for text in texts)
