"""What the objectives of slos.yml count, held against the metrics that are known, before a stack is made of them.

Where nothing has the name that `errors` asks for, nothing ever goes wrong: such an objective is kept for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from monitoring.catalogue import Metric
from servewatch.check.declared import declared
from servewatch.check.lint import findings
from servewatch.check.problem import Problem
from servewatch.check.sources import asked, source

_ANYBODY = (re.compile(".*"),)
"""Whoever may expose a name of which nothing is known here."""

_WHERE = "a metric of servewatch or of this service; if nobody else exposes that name, nothing is ever counted"


def doubts(path: Path, own: Iterable[Metric]) -> tuple[list[Problem], list[Problem]]:
    """What is surely wrong with the queries of such a file, and which names in them nobody here declares."""
    read = source(path, Path(path.name))
    queries = asked([read] if read is not None else [])
    known = declared(own, where=_WHERE)
    wrong, doubted = (
        [problem for query in queries for problem in findings(query, held)]
        for held in (replace(known, foreign=_ANYBODY), known)
    )
    return wrong, [problem for problem in doubted if problem not in wrong]
