"""`servewatch replay`: whether each alert fires in its incident when it is promised, and no other does."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servewatch.cli.output import show_json, show_table
from servewatch.cli.stack import home_option, say

if TYPE_CHECKING:
    from servewatch.replay.incident import Incident
    from servewatch.replay.table import Outcome

_HEADINGS = ("incident", "alert", "promised", "promtool", "live")


@click.command()
@click.argument("names", nargs=-1, metavar="[INCIDENT]...")
@home_option
@click.option("--live", is_flag=True, help="Cause what can be caused in the stack that runs, and see when alerts fire.")
@click.option("--write", is_flag=True, help="Write alerts/INCIDENTS.md: all of it, or the named incidents.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def replay(names: tuple[str, ...], home: Path | None, live: bool, write: bool, as_json: bool) -> None:
    """Replay incidents: promtool says when each alert fires. Exit 1 where one is not as promised."""
    from concurrent.futures import ThreadPoolExecutor

    from servewatch.replay import table
    from servewatch.replay.catalogue import chosen
    from servewatch.replay.replayed import first_fired
    from servewatch.stack import promtool

    incidents = chosen(names)
    seen = table.seen()
    if live:
        for name, shown in _live(incidents, home):
            seen[name] = shown
            if write:
                table.keep({name: shown})
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = list(pool.map(first_fired, incidents))
    outcomes = [table.Outcome(one, fired, seen.get(one.name)) for one, fired in zip(incidents, found, strict=True)]
    problems = [problem for outcome in outcomes for problem in outcome.problems()]
    if as_json:
        show_json([outcome.to_json() for outcome in outcomes])
    else:
        show_table(_HEADINGS, [(row[0], *row[2:6]) for outcome in outcomes for row in outcome.rows()])
        print(*(["", *problems] if problems else []), f"{len(outcomes)} incidents, {len(problems)} problems", sep="\n")
    if write:
        _write(outcomes, promtool.version(), whole=not names)
    sys.exit(1 if problems else 0)


def _write(outcomes: Sequence[Outcome], version: str, whole: bool) -> None:
    from servewatch.generate import ROOT
    from servewatch.replay import table

    page = ROOT / table.PATH
    text = table.render(outcomes, version) if whole else table.amended(page.read_text(), outcomes, version)
    page.write_text(text, encoding="utf-8")
    say(f"wrote {table.PATH}")


def _live(incidents: tuple[Incident, ...], home: Path | None) -> Iterator[tuple[str, dict[str, float]]]:
    """Each as soon as it is over: all of them take an hour, and one that fails must not cost the others."""
    from servewatch.cli.demo import demo, prometheus_url
    from servewatch.replay.live import first_seen, restarts

    where = ["--home", str(home)] if home else []
    for incident in sorted(incidents, key=restarts):
        if not incident.live:
            continue
        cause = partial(demo.main, [*incident.live.split(), *where], standalone_mode=False)
        shown = first_seen(incident, cause, prometheus_url(home), say)
        say(f"{incident.name}: {_told(incident, shown)}")
        yield incident.name, shown


def _told(incident: Incident, shown: dict[str, float]) -> str:
    promised = {promise.alert.name for promise in incident.promises}
    came = [
        f"{name} after {at:.0f} s{'' if name in promised else ', which nobody promised'}" for name, at in shown.items()
    ]
    missing = [f"{name} did not come" for name in sorted(promised - shown.keys())]
    return "; ".join([*came, *missing]) or "no alert, as promised"
