"""Checks of every query that we ship: against the declarations, with promtool, and against a running Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from servewatch.check.declared import Declared, declared
from servewatch.check.lint import findings
from servewatch.check.problem import Problem
from servewatch.check.sources import RULES, Query, queries, rule_files
from servewatch.check.texts import plain
from servewatch.stack import promtool

__all__ = ["Declared", "Problem", "Query", "check", "declared", "queries"]


def check(root: Path, asked: list[Query] | None = None) -> list[Problem]:
    """Check every query below the root; answers what is wrong with them."""
    found = queries(root) if asked is None else asked
    names = declared()
    problems = [problem for query in found for problem in findings(query, names)]
    return problems + (list(_with_promtool(root, found)) if promtool.find() else [])


def _with_promtool(root: Path, found: list[Query]) -> Iterator[Problem]:
    files = rule_files(root)
    answer = promtool.check_rules(files) if files else promtool.Answer(True, "")
    if not answer.fine:
        yield Problem(RULES, "all rule files", "", answer.text, "rules that `promtool check rules` accepts")
    drawn = {f"{at} {query.place}": plain(query.text) for at, query in enumerate(found) if query.kind == "panel"}
    answer = promtool.check_queries(drawn) if drawn else promtool.Answer(True, "")
    if not answer.fine:
        yield Problem(Path("dashboards"), "all panels", "", answer.text, "queries that this Prometheus takes")
