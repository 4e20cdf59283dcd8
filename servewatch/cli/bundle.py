"""`servewatch build` and `servewatch containerize`: a bundle, and an image of it."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command()
@click.argument("target", metavar="MODULE:NAME")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default="bundles", show_default=True)
@click.option("--include", metavar="PATTERN", multiple=True, help="Files beside those that are imported: data/*.json.")
@click.option("--requirement", metavar="PACKAGE", multiple=True, help="A package that the service imports: pandas.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def build(target: str, out: Path, include: tuple[str, ...], requirement: tuple[str, ...], as_json: bool) -> None:
    """Put a service, its models and its environment into one folder, which runs elsewhere.

    Packages are pinned to the versions that are installed here. `servewatch containerize` makes an image of it.
    """
    from dataclasses import asdict

    from serving import bundle

    folder = bundle.build(target, out, include, requirement)
    made = bundle.read(folder)
    if as_json:
        click.echo(json.dumps({"path": str(folder), **asdict(made)}, indent=2))
        return
    click.echo(f"{folder}: {made.target}, models {', '.join(made.models) or 'none'}, Python {made.python}")
    click.echo(f"an image of it: servewatch containerize {folder}")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, exists=True, path_type=Path))
@click.option("--tag", metavar="NAME:VERSION", help="The image's name.  [default: that of the bundle]")
@click.option("--build-arg", "arguments", metavar="NAME=VALUE", multiple=True, help="PIP_EXTRA_INDEX_URL=... and such.")
def containerize(folder: Path, tag: str | None, arguments: tuple[str, ...]) -> None:
    """Make a container image of a bundle: small, not root, with a health check and a bill of materials.

    In the stack: `servewatch up --compose --service` does this too; by hand, servewatch/stack/CONTAINERS.md.
    """
    from servewatch.stack.containerize import build as build_image

    made = build_image(folder, tag, arguments, click.echo)
    click.echo(f"{made} is there: docker run --rm --read-only -p 127.0.0.1:3000:3000 {made}")
