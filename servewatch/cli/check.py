"""`servewatch check`: every query and dashboard against the declarations, promtool and a running Prometheus."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servewatch.cli.declarations import declarations
from servewatch.cli.generate import require

if TYPE_CHECKING:
    from monitoring.catalogue import Metric
    from servewatch.check import Checked
    from servewatch.check.declared import Values


@click.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--live", metavar="URL", help="Also run each panel's query on this Prometheus; report empty ones.")
@click.option("--service", metavar="MODULE:NAME", help="With PATH: a service whose own metrics may be read.")
@click.option("--foreign", metavar="REGEX", multiple=True, help="With PATH: names of metrics that others declare.")
@click.option("--scrape-interval", "scrape", metavar="SECONDS", type=float, default=15.0, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(
    path: Path | None, live: str | None, service: str | None, foreign: tuple[str, ...], scrape: float, as_json: bool
) -> None:
    """Check every query in panels, rules, rule tests and the runbook against the declared metrics.

    And each dashboard against what Grafana knows, and whether the generated files are those of the declarations of now.
    With PATH: your own dashboards (*.json), rules and rule tests (*.yml), and queries in texts (*.md).
    """
    require("promql_parser", "grafanalib")
    with declarations():
        checked = _checked(path, live, service, foreign, scrape)
    if path is not None and not checked.files:
        raise click.UsageError(
            f"{path} holds no dashboard (*.json), no rules or rule tests (*.yml), no slos.yml and no text (*.md)"
        )
    from servewatch.check import sdk
    from servewatch.check.boards import LINT, RULES
    from servewatch.stack import promtool

    tools = {"promtool": promtool.find() is not None, "grafana-foundation-sdk": sdk.there()}
    if as_json:
        found = [problem.as_json() for problem in checked.problems]
        counts = {"queries": len(checked.queries), "dashboards": checked.dashboards}
        print(json.dumps({**counts, "promtool": tools["promtool"], "tools": tools, "problems": found}, indent=2))
    else:
        for problem in checked.problems:
            print(f"{problem}\n")
        if path is not None and any(f"({rule})" in problem.found for problem in checked.problems for rule in RULES):
            print(f"rules in brackets are dashboard-linter's: a file {LINT} beside the dashboards can exclude them\n")
        missing = [name for name, there in tools.items() if not there]
        without = f" (not installed, so what it would say is not known: {', '.join(missing)})" if missing else ""
        counts_text = f"{len(checked.queries)} queries in {checked.dashboards} dashboards, rules and texts"
        print(f"{counts_text}, {len(checked.problems)} problems{without}")
    sys.exit(1 if checked.problems else 0)


def _checked(
    path: Path | None, live: str | None, service: str | None, foreign: tuple[str, ...], scrape: float
) -> Checked:
    # Imported here, as whatever a declaration raises comes out with its import.
    from servewatch.check import check as run
    from servewatch.check import check_folder, declared
    from servewatch.check.live import Prometheus, empty
    from servewatch.check.stale import stale
    from servewatch.generate import ROOT

    own, served = _declared_by(service) if service else ((), {})
    checked = check_folder(path, own, foreign, scrape, served) if path else run(ROOT, scrape)
    problems = [*([] if path else stale(ROOT)), *checked.problems]
    if live is not None:
        problems += empty(checked.queries, Prometheus(live), declared(own, foreign))
    return replace(checked, problems=problems)


def _declared_by(service: str) -> tuple[tuple[Metric, ...], Mapping[str, Values]]:
    from servewatch import own
    from servewatch.stack.describe import load, served_by

    found = load(service)
    return own.metrics(), served_by(found)
