"""Where queries are: panels, variables, annotations, rules, rule tests, the runbook; ours, or those of a folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from alerts import objectives
from alerts.windows import LONG
from servewatch.check import located
from servewatch.check.located import line_of
from servewatch.check.problem import Problem
from servewatch.check.texts import annotation_labels, asked_values, legend_labels

DASHBOARDS, RULES, TESTS = Path("dashboards/generated"), Path("alerts/generated"), Path("tests/alerts")
RUNBOOK = Path("alerts/runbook.md")
OURS = (
    "dashboards/generated/*.json",
    "alerts/generated/*.rules.yml",
    "servewatch/stack/generated/demo/*.rules.yml",
    "tests/alerts/*.test.yml",
    str(RUNBOOK),
)

Kind = Literal["panel", "variable", "annotation", "rule", "test", "series", "alert", "runbook"]
FileKind = Literal["dashboard", "rules", "tests", "objectives", "text"]
Json = dict[str, Any]

_BLOCK = re.compile(r"^```promql\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ENDINGS = (".json", ".yml", ".yaml", ".md")
_SKIPPED = {"node_modules", "__pycache__"}


@dataclass(frozen=True, slots=True)
class Query:
    """One query, where it stands, and the labels that the text around it expects of its result."""

    file: Path
    place: str
    text: str
    kind: Kind
    shown: frozenset[str] = frozenset()
    line: int = 0
    service: str = ""
    """The service in whose name it asks, where it is one's."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that holds queries, as data."""

    path: Path
    file: Path
    """The path below what is checked, as it is told."""

    kind: FileKind
    content: Any


def ours(root: Path) -> list[Source]:
    """Read every file of this project that holds queries."""
    paths = (path for pattern in OURS for path in sorted(root.glob(pattern)))
    return [found for path in paths if (found := source(path, path.relative_to(root))) is not None]


def found(path: Path) -> tuple[list[Source], list[Problem]]:
    """Read what somebody else's file or folder holds: dashboards, rules, their tests, and queries in texts."""
    paths = [path] if path.is_file() else sorted(inner for inner in path.rglob("*") if inner.is_file())
    sources: list[Source] = []
    problems: list[Problem] = []
    for inner in paths:
        if inner.suffix not in _ENDINGS or _SKIPPED & set(inner.parts):
            continue
        try:
            read = source(inner, inner)
        except (ValueError, OSError) as failed:
            problems.append(
                Problem(inner, "the file", "", f"cannot be read: {failed}", f"a file of {inner.suffix[1:]}")
            )
            continue
        sources += [read] if read is not None else []
    return sources, problems


def source(path: Path, file: Path) -> Source | None:
    """Read one file, which is told as `file`; None where it holds no queries."""
    if path.suffix == ".md":
        return Source(path, file, "text", path.read_text(encoding="utf-8"))
    content = located.read(path)
    if path.name == objectives.FILE:
        objectives.resolve(objectives.read(path))
        return Source(path, file, "objectives", content)
    kind = _kind(content)
    return Source(path, file, kind, content) if kind else None


def _kind(content: Any) -> FileKind | None:
    if not isinstance(content, Mapping):
        return None
    kinds: dict[str, FileKind] = {"panels": "dashboard", "groups": "rules", "tests": "tests"}
    return next((kind for key, kind in kinds.items() if isinstance(content.get(key), list)), None)


def queries(root: Path) -> list[Query]:
    """Collect every query of this project, in the order of the files."""
    return asked(ours(root))


def asked(sources: list[Source]) -> list[Query]:
    """Collect the queries of files."""
    return [query for source in sources for query in _READERS[source.kind](source.file, source.content)]


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
            text = target.get("expr", "")
            place = f"panel {str(panel.get('title', ''))!r}, query {target.get('refId', '?')}"
            yield Query(file, place, text, "panel", shown, line_of(text))
    for note in document.get("annotations", {}).get("list", []):
        shown = legend_labels(note.get("titleFormat", ""))
        if "expr" in note:
            place = f"annotation {str(note.get('name', ''))!r}"
            yield Query(file, place, note["expr"], "annotation", shown, line_of(note["expr"]))
    for variable in document.get("templating", {}).get("list", []):
        asks = asked_values(variable.get("definition", ""))
        if asks:
            place, line = f"variable {str(variable['name'])!r}", line_of(variable["definition"])
            yield Query(file, place, asks[0], "variable", frozenset({asks[1]}), line)


def _columns(panel: Json) -> frozenset[str]:
    named: set[str] = set()
    for transformation in panel.get("transformations", []):
        if transformation.get("id") == "organize":
            named |= transformation.get("options", {}).get("renameByName", {}).keys()
    return frozenset(name for name in named if name != "Time" and not name.startswith("Value"))


def _rules(file: Path, document: Json) -> Iterator[Query]:
    for group in document["groups"]:
        for rule in group.get("rules", []):
            shown = annotation_labels(" ".join(map(str, rule.get("annotations", {}).values())))
            name = f"alert {rule['alert']}" if "alert" in rule else f"recording {rule.get('record', '?')}"
            text = str(rule.get("expr", ""))
            yield Query(file, name, text, "rule", shown - rule.get("labels", {}).keys(), line_of(rule.get("expr")))


def _tests(file: Path, document: Json) -> Iterator[Query]:
    for test in document["tests"]:
        place = f"test {str(test.get('name', ''))!r}"
        for series in test.get("input_series", []):
            yield Query(file, place, series["series"], "series", line=line_of(series["series"]))
        for case in test.get("promql_expr_test", []):
            yield Query(file, place, case["expr"], "test", line=line_of(case["expr"]))
        for case in test.get("alert_rule_test", []):
            yield Query(file, place, case["alertname"], "alert", line=line_of(case["alertname"]))


def _objectives(file: Path, document: Json) -> Iterator[Query]:
    for service, entries in document.items():
        for entry in (one for one in entries if isinstance(one, Mapping)):
            for part in ("errors", "total"):
                if part in entry:
                    place = f"{part} of the objective {str(entry['name'])!r} of {service}"
                    text = entry[part].replace(objectives.WINDOW, LONG)
                    yield Query(file, place, text, "rule", line=line_of(entry[part]), service=str(service))


def _text(file: Path, text: str) -> Iterator[Query]:
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        yield Query(file, f"line {line}", match[1].strip(), "runbook", line=line)


_READERS: dict[FileKind, Callable[[Path, Any], Iterator[Query]]] = {
    "dashboard": _dashboard,
    "rules": _rules,
    "tests": _tests,
    "objectives": _objectives,
    "text": _text,
}
