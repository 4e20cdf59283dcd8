"""`servewatch check`: every query against the declarations, promtool and a running Prometheus."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from servewatch.cli.declarations import declarations
from servewatch.cli.generate import require

if TYPE_CHECKING:
    from servewatch.check import Problem, Query


@click.command()
@click.option("--live", metavar="URL", help="Also run each panel's query on this Prometheus; report empty ones.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(live: str | None, as_json: bool) -> None:
    """Check every query in panels, rules, rule tests and the runbook against the declared metrics.

    And whether the generated files, in which most of them stand, are those of the declarations of now.
    """
    require("promql_parser", "grafanalib")
    with declarations():
        asked, problems = _found(live)
    from servewatch.stack import promtool

    with_promtool = promtool.find() is not None
    if as_json:
        found = [problem.as_json() for problem in problems]
        print(json.dumps({"queries": len(asked), "promtool": with_promtool, "problems": found}, indent=2))
    else:
        for problem in problems:
            print(f"{problem}\n")
        without = "" if with_promtool else " (promtool is not on PATH: what it would say is not known)"
        print(f"{len(asked)} queries, {len(problems)} problems{without}")
    sys.exit(1 if problems else 0)


def _found(live: str | None) -> tuple[list[Query], list[Problem]]:
    # Imported here, as whatever a declaration raises comes out with its import.
    from servewatch.check import check as run
    from servewatch.check import declared, queries
    from servewatch.check.live import Prometheus, empty
    from servewatch.check.stale import stale
    from servewatch.generate import ROOT

    asked = queries(ROOT)
    problems = [*stale(ROOT), *run(ROOT, asked)]
    if live is not None:
        problems += empty(asked, Prometheus(live), declared())
    return asked, problems
