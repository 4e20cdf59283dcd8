"""`servewatch logs`: what a process of the stack wrote."""

from __future__ import annotations

from pathlib import Path

import click

from servewatch.cli.stack import home_option, resolve_home


@click.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on with what is written, until Ctrl-C.")
@click.option("-n", "--lines", default=50, show_default=True, type=click.IntRange(0), help="Lines from the end.")
@home_option
def logs(name: str | None, follow: bool, lines: int, home: Path | None) -> None:
    """Show the log of one process of the stack (serving, prometheus, supervisor ...); without a name, of all.

    The logs of a stack in containers: docker compose logs NAME.
    """
    from servewatch.stack.mode import Options
    from servewatch.stack.reading import chosen, read

    for line in read(chosen(Options(resolve_home(home)), name), lines, follow):
        click.echo(line)
