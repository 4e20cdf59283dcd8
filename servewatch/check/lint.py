"""A query against the declarations: names, labels, buckets, what may be rated, which sides can match."""

from __future__ import annotations

import re

import promql_parser as promql

from servewatch.check.declared import Declared
from servewatch.check.problem import Problem
from servewatch.check.reader import SCRAPE, Found, Labels, Reader, one_of
from servewatch.check.sources import Query
from servewatch.check.texts import plain

UNREADABLE = "this is not PromQL"
"""How the problem of a query begins that nobody can read."""

_NEAR = re.compile(r"'([^']+)'")


def findings(query: Query, declared: Declared, scrape: float = SCRAPE) -> list[Problem]:
    """Find what is wrong with one query; `scrape` is how many seconds lie between two scrapes at most."""
    if query.kind == "alert":
        return [] if query.text in declared.alerts else [_problem(query, _no_alert(query.text, declared))]
    if query.kind == "variable" and not query.text:
        return []
    try:
        tree = promql.parse(plain(query.text))
    except ValueError as failed:
        return [_problem(query, Found((f"{UNREADABLE}: {failed}", "a query that parses", _quoted(failed))))]
    counters, samples = query.kind in {"variable", "test"}, query.kind == "series"
    reader = Reader(declared, counters=counters, samples=samples, scrape=scrape, service=query.service)
    labels = reader.read(tree)
    for label in sorted(query.shown):
        if labels is not None and label not in labels:
            said = f"the text around it shows the label {label!r}, which its result does not have"
            reader.say(said, one_of(labels))
    return [_problem(query, found) for found in dict.fromkeys(reader.found)]


def labels_of(text: str, declared: Declared) -> Labels | None:
    """Tell which labels a query's result has; None where that is not known."""
    try:
        return Reader(declared).read(promql.parse(plain(text)))
    except ValueError:
        return None


def _quoted(failed: ValueError) -> str:
    near = _NEAR.search(str(failed))
    return near[1] if near else ""


def _no_alert(name: str, declared: Declared) -> Found:
    if name in declared.forgotten:
        return Found((f"{name!r} is {declared.forgotten[name]}", "it there, so that it is generated", name))
    return Found((f"{name!r} is no alert", f"an alert of alerts/{declared.like(name)}", name))


def _problem(query: Query, found: Found) -> Problem:
    said, expected, needle = found
    joined = query.file.suffix == ".json"
    # A value is told in quotes, as it may be a part of a name too; others are written in other quotes.
    needle = needle if needle in query.text else needle.strip('"')
    return Problem(query.file, query.place, query.text, said, expected, query.line, needle, joined)
