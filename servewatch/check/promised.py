"""What the objectives of slos.yml count, held against the metrics that are known, before a stack is made of them.

Where nothing has the name or the value of a label that `errors` asks for, nothing ever goes wrong: such an objective is
kept for ever.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from monitoring.catalogue import Metric
from servewatch.check.declared import Values, declared
from servewatch.check.lint import findings
from servewatch.check.problem import Problem
from servewatch.check.sources import asked, source

_ANYBODY = (re.compile(".*"),)
"""Whoever may expose a name of which nothing is known here."""

_WHERE = "a metric of servewatch or of this service; if nobody else exposes that name, nothing is ever counted"


def doubts(path: Path, own: Iterable[Metric], served: Mapping[str, Values]) -> tuple[list[Problem], list[Problem]]:
    """What is surely wrong with the queries of such a file, and which names and values in them nobody here declares.

    `served` are the values that labels have in what servewatch exposes of a service, by its name.
    """
    read = source(path, Path(path.name))
    queries = asked([read] if read is not None else [])
    known = replace(declared(own, where=_WHERE), served=served)
    wrong, doubted = (
        [problem for query in queries for problem in findings(query, held)]
        for held in (replace(known.whatever_values(), foreign=_ANYBODY), known)
    )
    return wrong, [problem for problem in doubted if problem not in wrong]
