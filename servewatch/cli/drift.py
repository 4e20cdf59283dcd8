"""`servewatch drift`: a closer look at what the scores say."""

from __future__ import annotations

from pathlib import Path

import click

from serving.loading import import_from_here
from serving.settings import Settings
from serving.store import Store


@click.group()
def drift() -> None:
    """A closer look at drift: report."""


@drift.command()
@click.option("--model", required=True, help="NAME or NAME:VERSION.")
@click.option("--data", type=click.Path(path_type=Path, dir_okay=False), help="The reference's own data.")
@click.option("--outputs", metavar="COLUMN", help="Column of the data with the model's answers; else the model is run.")
@click.option("--labels", metavar="COLUMN", help="Column of the data that is no input of the model.")
@click.option("--service", metavar="MODULE:NAME", help="Run this service's batched method in place of the model.")
@click.option("--method", metavar="NAME", help="Which of its batched methods, where it has several.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("report.html"), show_default=True)
def report(
    model: str,
    data: Path | None,
    outputs: str | None,
    labels: str | None,
    service: str | None,
    method: str | None,
    out: Path,
) -> None:
    """Write Evidently's report of logged rows beside the reference.

    Rows are logged where SERVEWATCH_LOG_ROWS is set for the service. Without --data the reference is drawn from its
    bins: each feature's distribution is right, what two of them have to do with each other is not shown.
    """
    from servewatch import evidently, learning

    store, settings = Store(), Settings.load()
    info = store.find(model)
    extract = evidently.extractor_of(info, store.reference(str(info.tag)))
    current = evidently.live(settings, info, extract)
    if data is None:
        reference = evidently.of_reference(extract)
    else:
        run = None
        if outputs is None:
            import_from_here()
            run = learning.of_service(service, method) if service else store.load(str(info.tag)).predict
        reference = evidently.of_data(extract, data, run, outputs, labels)
    click.echo(evidently.report(info, current, reference, out))
