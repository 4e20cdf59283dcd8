"""`servewatch check`: every query against the declarations, promtool and a running Prometheus."""

from __future__ import annotations

import json
import sys

import click

from servewatch.cli.generate import require


@click.command()
@click.option("--live", metavar="URL", help="Also run each panel's query on this Prometheus; report empty ones.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(live: str | None, as_json: bool) -> None:
    """Check every query in panels, rules, rule tests and the runbook against the declared metrics."""
    require("promql_parser")
    from servewatch.check import check as run
    from servewatch.check import declared, queries
    from servewatch.check.live import Prometheus, empty
    from servewatch.generate import ROOT
    from servewatch.stack import promtool

    asked = queries(ROOT)
    problems = run(ROOT, asked)
    if live is not None:
        problems += empty(asked, Prometheus(live), declared())
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
