"""`servewatch sbom`: the bill of materials of this environment."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write it to this file.")
def sbom(output: Path | None) -> None:
    """Every installed package with its version and licence: CycloneDX 1.6 in JSON.

    The images hold the one that was written when they were built, in /opt/servewatch/sbom.cdx.json.
    """
    from serving.sbom import bill

    text = json.dumps(bill(), indent=2) + "\n"
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
