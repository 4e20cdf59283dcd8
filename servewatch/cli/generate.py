"""`servewatch generate`: rule files, dashboards and the rest, from the declarations."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import click

from serving.errors import ServewatchError

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
def generate(only_check: bool, to: Path | None) -> None:
    """Write every generated file: rules, Alertmanager's configuration, dashboards, Grafana's provisioning."""
    require("grafanalib")
    from servewatch import generate as generating

    root = to or generating.ROOT
    if not only_check:
        for change in generating.write(root):
            print(f"{'removed' if change.what == 'orphan' else 'wrote'} {change.path}")
        return
    found = generating.differences(root)
    for difference in found:
        print(f"{difference.path}: {difference.what}")
        lines = difference.detail.splitlines()
        for line in lines[:_SHOWN_LINES]:
            print(f"    {line}")
        if len(lines) > _SHOWN_LINES:
            print(f"    and {len(lines) - _SHOWN_LINES} more lines")
    if found:
        print(f"{len(found)} of {len(generating.files())} files are not as generated; help: servewatch generate")
        sys.exit(1)
    print(f"{len(generating.files())} files are as generated")
