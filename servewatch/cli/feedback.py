"""`servewatch feedback`: labels that came later, from a file to a service."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from servewatch.cli.output import show_json


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True, exists=True, dir_okay=False))
@click.option("--url", default="http://127.0.0.1:3000", show_default=True, help="The service.")
@click.option("--id-column", default="id", show_default=True, help="Column with the X-Prediction-Id of an answer.")
@click.option("--label-column", default="label", show_default=True, help="Column with the true class.")
@click.option("--row-column", default="row", show_default=True, help="Column with the row, of answers of several.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def feedback(file: Path, url: str, id_column: str, label_column: str, row_column: str, as_json: bool) -> None:
    """Send the true classes of predictions: CSV with a header, JSON or ndjson (- reads CSV from stdin).

    A label is counted once, however often it is sent. Exit code 1 where some could not be counted.
    """
    from servewatch import labels

    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    found = labels.read(str(file), data, (id_column, label_column, row_column))
    sent = labels.send(url, found, time.sleep)
    if as_json:
        show_json(sent.plain())
    else:
        for line in sent.lines():
            click.echo(line)
    sys.exit(0 if sent.fine else 1)
