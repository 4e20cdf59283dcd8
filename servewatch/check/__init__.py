"""Checks of every query and dashboard: against the declarations, with promtool, against a running Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitoring.catalogue import Metric
from servewatch.check import boards, sdk, vocabulary
from servewatch.check.declared import Declared, Values, declared, with_rules
from servewatch.check.lint import UNREADABLE, findings, labels_of
from servewatch.check.problem import Problem
from servewatch.check.reader import SCRAPE
from servewatch.check.sources import Query, Source, asked, found, ours, queries
from servewatch.check.texts import plain
from servewatch.stack import promtool

__all__ = ["Checked", "Declared", "Problem", "Query", "check", "check_folder", "declared", "queries"]


_ELSEWHERE = "a metric of servewatch, one of --service MODULE:NAME, a recording of these rules, or --foreign REGEX"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is wrong with it."""

    queries: list[Query]
    problems: list[Problem]
    dashboards: int
    files: int
    """How many files there were that can hold queries."""


def check(root: Path, scrape: float = SCRAPE) -> Checked:
    """Check everything of this project below the root."""
    sources = ours(root)
    return _checked(sources, declared(), root, scrape, console=True)


def check_folder(
    path: Path,
    own: Iterable[Metric] = (),
    foreign: Sequence[str] = (),
    scrape: float = SCRAPE,
    served: Mapping[str, Values] | None = None,
) -> Checked:
    """Check somebody's own dashboards and rules; what the rules record may be read by all of it.

    `served` are the values that labels have in what servewatch exposes of a service, by its name.
    """
    sources, unreadable = found(path)
    rules = [source.content for source in sources if source.kind == "rules"]
    read = replace(declared(own, foreign, _ELSEWHERE), served=served or {})
    known = with_rules(read, rules, labels_of)
    checked = _checked(sources, known, path if path.is_dir() else path.parent, scrape, console=False)
    return replace(checked, problems=[*unreadable, *checked.problems], files=checked.files + len(unreadable))


def _checked(sources: list[Source], known: Declared, root: Path, scrape: float, *, console: bool) -> Checked:
    all_of_them = asked(sources)
    problems = [problem for query in all_of_them for problem in findings(query, known, scrape)]
    drawn = [source for source in sources if source.kind == "dashboard"]
    for source in drawn:
        problems += [*boards.linted(source, root), *vocabulary.unknown(source, console)]
        problems += sdk.dropped(source) if sdk.there() else []
    if promtool.find():
        # What does not parse has been told, with its place.
        broken = {(problem.file, problem.place) for problem in problems if problem.found.startswith(UNREADABLE)}
        files = {file for file, _ in broken}
        rules = [source for source in sources if source.kind == "rules" and source.file not in files]
        problems += _with_promtool(rules, [one for one in all_of_them if (one.file, one.place) not in broken])
    return Checked(all_of_them, problems, len(drawn), len(sources))


def _with_promtool(rules: list[Source], all_of_them: list[Query]) -> Iterator[Problem]:
    if rules:
        answer = promtool.check_rules([source.path for source in rules])
        if not answer.fine:
            expected = "rules that `promtool check rules` accepts"
            yield Problem(rules[0].file.parent, "all rule files", "", _short(answer.text), expected)
    drawn = {f"{at} {query.place}": plain(query.text) for at, query in enumerate(all_of_them) if query.kind == "panel"}
    answer = promtool.check_queries(drawn) if drawn else promtool.Answer(True, "")
    if not answer.fine:
        yield Problem(Path("dashboards"), "all panels", "", _short(answer.text), "queries that this Prometheus takes")


def _short(text: str) -> str:
    """What promtool found wrong, without what it found right."""
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line and not line.startswith(("Checking", "SUCCESS", "FAILED:")))
