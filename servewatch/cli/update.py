"""`servewatch update`: another version of the service, without losing a request."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from servewatch.cli.stack import home_option, resolve_home, say
from servewatch.stack.mode import Options


@click.command()
@click.option("--no-build", is_flag=True, help="Use the image as it is, for instance one that .env names.")
@click.option("--replicas", type=click.IntRange(1), help="How many there shall be then.  [default: as many as now]")
@click.option("--surge", type=click.IntRange(1), default=1, show_default=True, help="How many are replaced at a time.")
@home_option
def update(no_build: bool, replicas: int | None, surge: int, home: Path | None) -> None:
    """Replace the serving containers by those of the image and configuration of now, one by one.

    A new one starts beside the old ones; when it is ready, an old one drains and goes. The gateway sends requests
    to those that are ready alone, so none is lost. A version that does not become ready is taken back, and so is
    what would have watched it.
    """
    from servewatch.stack.compose import Compose, remembered
    from servewatch.stack.errors import StackError
    from servewatch.stack.rolling import update as roll

    options = Options(resolve_home(home))
    compose = Compose(options, remembered(options)[0] or Path.cwd(), say)
    if not compose.replicas():
        raise StackError("no serving container runs", "servewatch up --compose, or docker compose up --wait")
    with nullcontext() if no_build else compose.renewed():
        count = roll(compose, say, replicas, surge)
    say(f"{count} serving container{'s' * (count != 1)} of the new version ready")
    sys.exit(0)
