"""`servewatch reference`: what a model's live traffic is compared with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitoring.reference import Feature, Reference
from monitoring.reference.options import DATA
from monitoring.reference.outputs import KINDS
from servewatch.cli.output import show_json, show_table
from serving.errors import StoreError
from serving.loading import import_from_here
from serving.store import Store, hints, objects


@click.group()
def reference() -> None:
    """What a model's live traffic is compared with: learn, show."""


@reference.command()
@click.argument("data", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--model", required=True, help="The model that it belongs to: NAME or NAME:VERSION.")
@click.option("--labels", metavar="COLUMN", help="Column of right answers, for calibration and accuracy.")
@click.option("--outputs", metavar="COLUMN", help="Column of the model's answers; else the model is run on the data.")
@click.option("--service", metavar="MODULE:NAME", help="Run this service's batched method in place of the model.")
@click.option("--method", metavar="NAME", help="Which of its batched methods, where it has several.")
@click.option("--inputs-are", type=click.Choice(DATA), help="Else images have more than two axes.")
@click.option("--outputs-are", type=click.Choice(KINDS), help="Else rows of numbers are probabilities or logits.")
@click.option("--category", "categories", multiple=True, metavar="COLUMN", help="Its numbers are names of something.")
@click.option("--leave-out", multiple=True, metavar="COLUMN", help="Do not watch it.")
@click.option("--bins", type=int, default=10, show_default=True, help="Bins of a number.")
@click.option("--dtype", default="float32", show_default=True, help="The type that numbers are served in.")
def learn(data: Path, model: str, service: str | None, method: str | None, **given: Any) -> None:
    """Learn it from DATA (.parquet, .csv, .npy, .npz) and put it beside the model.

    Give data that the model was not trained on, with labels: its confidence and accuracy are then the true ones.
    """
    from servewatch import learning

    store = Store()
    info = store.find(model)
    classes = tuple(map(str, objects.read(store.path(info.tag)).get("classes", ())))
    run = None
    if given["outputs"] is None:
        import_from_here()
        run = learning.of_service(service, method) if service else store.load(str(info.tag)).predict
    learnt = learning.learn(data, run, given.pop("outputs"), given.pop("labels"), classes=classes, **given)
    store.attach(str(info.tag), learnt)
    shown = hints.command(f"servewatch reference show {info.tag}", store.folder)
    click.echo(f"Learnt {len(learnt.features)} features of {info.tag}; `{shown}`.")


@reference.command()
@click.argument("model")
@click.option("--json", "as_json", is_flag=True, help="For programs: the whole reference.")
def show(model: str, as_json: bool) -> None:
    """Show the reference of MODEL: a line for each feature."""
    store = Store()
    info = store.find(model)
    found = store.reference(model)
    if found is None:
        wanted = hints.command(f"servewatch reference learn DATA --model {info.tag}", store.folder)
        raise StoreError(f"{info.tag} has no reference", wanted)
    if as_json:
        show_json({**found.plain(), "model": str(info.tag)})
        return
    click.echo(f"{info.tag}, reference {found.hash}, learnt {found.created}\n")
    headings = ("FEATURE", "ROLE", "ROWS", "MISSING", "BINS", "FROM", "TO", "MOST FREQUENT")
    show_table(headings, [_line(feature) for feature in found.features])
    if found.accuracy:
        _show_accuracy(found)


def _line(feature: Feature) -> tuple[object, ...]:
    missing = f"{feature.counts[-1] / max(1, feature.rows):.1%}"
    first = (feature.name, feature.role, feature.rows, missing, len(feature.bins))
    if feature.ordered:
        return (*first, f"{feature.edges[0]:.4g}", f"{feature.edges[-1]:.4g}", "")
    ranked = sorted(zip(feature.counts, feature.values, strict=False), key=lambda pair: -pair[0])
    return (*first, "", "", ", ".join(f"{value} {count / max(1, feature.rows):.0%}" for count, value in ranked[:3]))


def _show_accuracy(found: Reference) -> None:
    confidence = found.confidence
    if confidence is None:
        return
    click.echo()
    bounds = [f"to {edge:.4g}" for edge in confidence.edges]
    rows = [
        (label, bound, count, f"{share:.1%}")
        for label, bound, count, share in zip(confidence.bins, bounds, confidence.counts, found.accuracy, strict=False)
        if count
    ]
    show_table(("BIN", "CONFIDENCE", "ROWS", "RIGHT"), rows)
