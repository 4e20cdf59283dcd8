"""`servewatch generate`: rule files, dashboards and the rest, from the declarations."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servewatch.cli.declarations import declarations
from servewatch.cli.own import own_files, prove
from serving.errors import ServewatchError

if TYPE_CHECKING:
    from servewatch.generate import Difference

_SHOWN_LINES = 20


class GeneratorMissing(ServewatchError):
    """What dashboards are generated with is not installed."""

    code = "generator_missing"


def require(*modules: str) -> None:
    """Refuse to go on where a library of the extra `generate` is missing."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise GeneratorMissing(f"the library {module} is not installed", "pip install 'servewatch[generate]'")


@click.command()
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 where a file is not as generated.")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), help="Write below another folder.")
@click.option("--service", metavar="MODULE:NAME", help="Write all that watches this service.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Where those of --service go.")
def generate(only_check: bool, to: Path | None, service: str | None, out: Path | None) -> None:
    """Write every generated file: rules, Alertmanager's configuration, dashboards, Grafana's provisioning.

    With --service and --out, all that watches one service: rules/ for Prometheus, with the objectives that its
    declaration and slos.yml promise and the alerts of its own metrics; tests/ of these for promtool (which runs them
    at once, where it is); dashboards/ for Grafana or the console; a table; prometheus.yml for the containers, which
    read the folder that SERVEWATCH_GENERATED in .env names.
    """
    require("grafanalib")
    if (service is None) != (out is None) or (service and to):
        raise click.UsageError("--service MODULE:NAME goes with --out DIR, and not with --to")
    with declarations():
        from servewatch import generate as generating

        if service is not None and out is not None:
            root, wanted = out, own_files(service)
        else:
            root, wanted = to or generating.ROOT, None
        found = generating.differences(root, wanted) if only_check else generating.write(root, wanted)
    if only_check:
        _tell(found, len(wanted or generating.files()))
    for change in [] if only_check else found:
        print(f"{'removed' if change.what == 'orphan' else 'wrote'} {change.path}")
    if service is not None:
        prove(root)


def _tell(found: list[Difference], count: int) -> None:
    for difference in found:
        print(f"{difference.path}: {difference.what}")
        lines = difference.detail.splitlines()
        for line in lines[:_SHOWN_LINES]:
            print(f"    {line}")
        if len(lines) > _SHOWN_LINES:
            print(f"    and {len(lines) - _SHOWN_LINES} more lines")
    if found:
        print(f"{len(found)} of {count} files are not as generated; help: servewatch generate")
        sys.exit(1)
    print(f"{count} files are as generated")
