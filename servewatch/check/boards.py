"""The rules of Grafana's dashboard-linter, and the exclusions of a .lint file, each with its reason.

Those on `job` and `instance` are left out: a service's replicas are summed, and recordings have neither label.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from servewatch.check import located
from servewatch.check.located import line_of
from servewatch.check.problem import Problem
from servewatch.check.sources import Source, panels
from servewatch.check.texts import asked_values

LINT = ".lint"
"""Where dashboard-linter itself looks for exclusions, beside the dashboards or above them."""

_SOURCES = ("datasource", "prometheus_datasource")
_TITLED = ("stat", "table", "timeseries", "gauge")
_WITHOUT_QUERIES = ("row", "text", "dashlist", "alertlist", "news", "annolist")
_RATE = re.compile(r"\bi?rate\s*\([^()\[\]]*\[([^\]]+)\]")
_INTERVAL = "$__rate_interval"
_OTHER_QUERIES = ("label_names(", "metrics(", "query_result(")

Found = tuple[str, str, str, Any, str]
"""Where, what was found, what was expected, the text, and what in it is wrong."""

Rule = Callable[[dict[str, Any]], Iterator[Found]]


def linted(source: Source, root: Path) -> Iterator[Problem]:
    """Find what breaks a rule and is not excluded."""
    excluded = _exclusions(source.path, root)
    for name, rule in RULES.items():
        for place, found, expected, text, needle in dict.fromkeys(rule(source.content)):
            if not any(entry is None or entry in place for entry in excluded.get(name, ())):
                said, line = f"{found} ({name})", line_of(text)
                yield Problem(source.file, place, str(text), said, expected, line, needle, joined=True)


def _exclusions(path: Path, root: Path) -> dict[str, tuple[str | None, ...]]:
    """What is excluded, by rule: None is all of it, else what the place says."""
    for folder in path.resolve().parents:
        if (folder / LINT).is_file():
            found = located.read(folder / LINT) or {}
            return {name: _entries(entry or {}) for name, entry in (found.get("exclusions") or {}).items()}
        if folder == root.resolve():
            break
    return {}


def _entries(entry: dict[str, Any]) -> tuple[str | None, ...]:
    entries = entry.get("entries")
    return tuple(repr(str(one["panel"])) for one in entries if "panel" in one) if entries else (None,)


def _place(panel: dict[str, Any]) -> str:
    return f"panel {str(panel.get('title', ''))!r}"


def _variables(board: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = board.get("templating", {}).get("list", [])
    return found


def _source_variable(board: dict[str, Any]) -> Iterator[Found]:
    chosen = [one for one in _variables(board) if one.get("type") == "datasource"]
    if len(chosen) != 1 or chosen[0].get("name") not in _SOURCES:
        names = ", ".join(str(one.get("name")) for one in chosen) or "none"
        yield "the dashboard", f"it has the data source variables {names}", "one, with the name datasource", "", ""
    elif chosen[0].get("label") != "Data source":
        label = chosen[0].get("label", "")
        yield "variable 'datasource'", f"its label is {label!r}", "'Data source'", label, str(label)


def _query_variables(board: dict[str, Any]) -> Iterator[Found]:
    for variable in _variables(board):
        asked = variable.get("definition", "")
        if variable.get("type") == "query" and asked_values(asked) is None and not asked.startswith(_OTHER_QUERIES):
            expected = "label_values(query, label), label_names, metrics or query_result"
            yield f"variable {str(variable.get('name'))!r}", "its query asks for nothing known", expected, asked, asked


def _reloaded(board: dict[str, Any]) -> Iterator[Found]:
    for variable in _variables(board):
        if variable.get("type") == "query" and variable.get("refresh") != 2:
            place = f"variable {str(variable.get('name'))!r}"
            yield place, f"refresh is {variable.get('refresh')}", "2: its values change with the time range", "", ""


def _sources(board: dict[str, Any]) -> Iterator[Found]:
    for panel in panels(board):
        if panel.get("type") in ("timeseries", "table"):
            source = panel.get("datasource")
            uid = source.get("uid", "") if isinstance(source, dict) else source or ""
            if str(uid).strip("${}") not in _SOURCES:
                yield _place(panel), f"its data source is {str(uid)!r}", "the variable: ${datasource}", uid, str(uid)


def _described(board: dict[str, Any]) -> Iterator[Found]:
    for panel in panels(board):
        for name in ("title", "description"):
            if panel.get("type") in _TITLED and not panel.get(name):
                yield _place(panel), f"it has no {name}", "one that names the metric and what to do", "", ""


def _units(board: dict[str, Any]) -> Iterator[Found]:
    for panel in panels(board):
        defaults = panel.get("fieldConfig", {}).get("defaults", {})
        if panel.get("type") in _TITLED and "mappings" not in defaults and not defaults.get("unit"):
            yield _place(panel), "it has no unit", "one of Grafana's; none for plain numbers", "", ""


def _queried(board: dict[str, Any]) -> Iterator[Found]:
    for panel in panels(board):
        if panel.get("type") not in _WITHOUT_QUERIES and not panel.get("targets"):
            yield _place(panel), "it asks for nothing", "a query at least", "", ""


def _intervals(board: dict[str, Any]) -> Iterator[Found]:
    for panel in panels(board):
        for target in panel.get("targets", []):
            text = target.get("expr", "")
            for window in _RATE.findall(text):
                if window not in (_INTERVAL, "${__rate_interval}"):
                    yield (
                        _place(panel),
                        f"rate() over {window}",
                        f"[{_INTERVAL}], which fits the resolution",
                        text,
                        f"[{window}]",
                    )


def _uneditable(board: dict[str, Any]) -> Iterator[Found]:
    if board.get("editable") is not False:
        yield (
            "the dashboard",
            f"editable is {board.get('editable')}",
            "false: what is edited in Grafana is lost with the next version of the file",
            "",
            "",
        )


RULES: dict[str, Rule] = {
    "template-datasource-rule": _source_variable,
    "template-label-promql-rule": _query_variables,
    "template-on-time-change-reload-rule": _reloaded,
    "panel-datasource-rule": _sources,
    "panel-title-description-rule": _described,
    "panel-units-rule": _units,
    "panel-no-targets-rule": _queried,
    "target-rate-interval-rule": _intervals,
    "uneditable-dashboard": _uneditable,
}
"""The rules by the names that dashboard-linter gives them; target-promql and target-counter-agg are in reader.py."""
