"""The ids that Grafana compares: units, reducers, matchers, transformations, panel types and colours that it knows."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from servewatch.check.located import line_of
from servewatch.check.problem import Problem
from servewatch.check.sources import Source, panels

_HERE = Path(__file__).parent
_PROFILE = _HERE.parent / "console" / "static" / "profile.json"
_CUSTOM_UNIT = re.compile(r"(prefix|suffix|time|si|count|currency|bool):.+")
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|rgba?\(.+\)|transparent|text|super-light-.+|\$\{.+\}")

Named = tuple[str, Any]
"""The kind of an id, and the id as it stands."""


@cache
def vocabulary() -> dict[str, frozenset[str]]:
    """Every id that Grafana knows, by kind."""
    return _read(_HERE / "vocabulary.json")


@cache
def profile() -> dict[str, frozenset[str]]:
    """Every id that our console draws, by kind."""
    return _read(_PROFILE)


def _read(path: Path) -> dict[str, frozenset[str]]:
    found = json.loads(path.read_text(encoding="utf-8"))
    return {kind: frozenset(ids) for kind, ids in found.items() if isinstance(ids, list)}


def unknown(source: Source, console: bool) -> Iterator[Problem]:
    """Find ids that Grafana does not know, and with `console` those that the console does not draw."""
    for panel in panels(source.content):
        for kind, value in _ids(panel):
            yield from _judge(source, f"panel {str(panel.get('title', ''))!r}", kind, value, console)
    if console:
        for variable in source.content.get("templating", {}).get("list", []):
            place = f"variable {str(variable.get('name', ''))!r}"
            yield from _judge(source, place, "variables", variable.get("type", ""), console)


def _judge(source: Source, place: str, kind: str, value: Any, console: bool) -> Iterator[Problem]:
    known = vocabulary().get(kind)
    named = f"{kind.rstrip('s')} {str(value)!r}"
    if known is not None and value not in known and not _free(kind, str(value)):
        close = difflib.get_close_matches(str(value), known, n=1)
        expected = f"a {kind.rstrip('s')} of Grafana{f'; perhaps {close[0]}' if close else ''}"
        yield Problem(source.file, place, str(value), f"Grafana knows no {named}", expected, line_of(value), str(value))
    elif console and value not in profile().get(kind, {value}):
        drawn = ", ".join(sorted(profile()[kind]))
        said = f"the console does not draw the {named}"
        yield Problem(source.file, place, str(value), said, f"one of {drawn}", line_of(value), str(value))


def _free(kind: str, value: str) -> bool:
    return bool((kind == "units" and _CUSTOM_UNIT.fullmatch(value)) or (kind == "colors" and _COLOR.fullmatch(value)))


def _ids(panel: dict[str, Any]) -> Iterator[Named]:
    yield "panels", panel.get("type", "")
    config, options = panel.get("fieldConfig", {}), panel.get("options", {})
    yield from _field(config.get("defaults", {}))
    if isinstance(options.get("yAxis"), dict) and "unit" in options["yAxis"]:
        yield "units", options["yAxis"]["unit"]
    for holder in (options.get("reduceOptions", {}), options.get("legend", {})):
        for calc in holder.get("calcs", []) if isinstance(holder, dict) else []:
            yield "reducers", calc
    for change in config.get("overrides", []):
        yield "matchers", change.get("matcher", {}).get("id", "")
        yield from _field({one.get("id", ""): one.get("value") for one in change.get("properties", [])})
    for transformation in panel.get("transformations", []):
        yield "transformations", transformation.get("id", "")
    for target in panel.get("targets", []):
        if "format" in target:
            yield "formats", target["format"]


def _field(config: dict[str, Any]) -> Iterator[Named]:
    if config.get("unit"):
        yield "units", config["unit"]
    color = config.get("color")
    if isinstance(color, dict):
        if "mode" in color:
            yield "colorModes", color["mode"]
        if color.get("fixedColor"):
            yield "colors", color["fixedColor"]
    for step in (config.get("thresholds") or {}).get("steps", []):
        yield "colors", step.get("color", "")
    for mapping in config.get("mappings") or []:
        yield "mappings", mapping.get("type", "")
