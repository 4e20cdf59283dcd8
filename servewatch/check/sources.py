"""Where queries are: panels, variables, annotations, rules, rule tests, the runbook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from servewatch.check.texts import annotation_labels, asked_values, legend_labels

DASHBOARDS, RULES, TESTS = Path("dashboards/generated"), Path("alerts/generated"), Path("tests/alerts")
RUNBOOK = Path("alerts/runbook.md")

Kind = Literal["panel", "variable", "annotation", "rule", "test", "series", "alert", "runbook"]
Json = dict[str, Any]

_BLOCK = re.compile(r"^```promql\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Query:
    """One query, where it stands, and the labels that the text around it expects of its result."""

    file: Path
    place: str
    text: str
    kind: Kind
    shown: frozenset[str] = frozenset()


def queries(root: Path) -> list[Query]:
    """Collect every query below the root, in the order of the files."""
    found: list[Query] = []
    for path in sorted((root / DASHBOARDS).glob("*.json")):
        found += _dashboard(path.relative_to(root), json.loads(path.read_text()))
    for path in rule_files(root):
        found += _rules(path.relative_to(root), yaml.safe_load(path.read_text()))
    for path in sorted((root / TESTS).glob("*.test.yml")):
        found += _tests(path.relative_to(root), yaml.safe_load(path.read_text()))
    if (root / RUNBOOK).is_file():
        found += _runbook(RUNBOOK, (root / RUNBOOK).read_text())
    return found


def rule_files(root: Path) -> list[Path]:
    """The rule files below the root."""
    return sorted((root / RULES).glob("*.rules.yml"))


def panels(document: Json) -> Iterator[Json]:
    """Every panel of a dashboard, those in collapsed rows too."""
    for panel in document.get("panels", []):
        yield panel
        yield from panels(panel)


def _dashboard(file: Path, document: Json) -> Iterator[Query]:
    for panel in panels(document):
        columns = _columns(panel)
        for target in panel.get("targets", []):
            shown = columns | legend_labels(target.get("legendFormat", ""))
            place = f"panel {panel['title']!r}, query {target['refId']}"
            yield Query(file, place, target["expr"], "panel", shown)
    for note in document.get("annotations", {}).get("list", []):
        shown = legend_labels(note.get("titleFormat", ""))
        if "expr" in note:
            yield Query(file, f"annotation {note['name']!r}", note["expr"], "annotation", shown)
    for variable in document.get("templating", {}).get("list", []):
        asked = asked_values(variable.get("definition", ""))
        if asked:
            yield Query(file, f"variable {variable['name']!r}", asked[0], "variable", frozenset({asked[1]}))


def _columns(panel: Json) -> frozenset[str]:
    named: set[str] = set()
    for transformation in panel.get("transformations", []):
        if transformation["id"] == "organize":
            named |= transformation["options"].get("renameByName", {}).keys()
    return frozenset(named - {"Time", "Value"})


def _rules(file: Path, document: Json) -> Iterator[Query]:
    for group in document["groups"]:
        for rule in group["rules"]:
            shown = annotation_labels(" ".join(rule.get("annotations", {}).values()))
            name = f"alert {rule['alert']}" if "alert" in rule else f"recording {rule['record']}"
            yield Query(file, name, rule["expr"], "rule", shown)


def _tests(file: Path, document: Json) -> Iterator[Query]:
    for test in document["tests"]:
        place = f"test {test.get('name', '')!r}"
        for series in test.get("input_series", []):
            yield Query(file, place, series["series"], "series")
        for asked in test.get("promql_expr_test", []):
            yield Query(file, place, asked["expr"], "test")
        for asked in test.get("alert_rule_test", []):
            yield Query(file, place, asked["alertname"], "alert")


def _runbook(file: Path, text: str) -> Iterator[Query]:
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        yield Query(file, f"line {line}", match[1].strip(), "runbook")
