"""`servewatch models`: the store."""

from __future__ import annotations

from pathlib import Path

import click

from servewatch.cli.output import bytes_for_people, show_json, show_table
from servewatch.cli.stack import home_option, resolve_home
from serving.settings import Settings
from serving.store import Store, archive, hints, objects

as_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group()
def models() -> None:
    """The store: list, show, delete, export, import."""


@models.command("list")
@click.argument("name", required=False)
@as_json
@home_option
def list_(name: str | None, as_json: bool, home: Path | None) -> None:
    """Every version in the store, or those of one model."""
    store = _store(home)
    found = store.list(name or "*")
    if name and not found and not as_json:
        found = [store.find(name)]  # it may be NAME:VERSION; else the error says what there is
    if as_json:
        show_json([info.listed() for info in found])
    elif not found:
        first = hints.command("python -m examples.fashion.train", store.folder)
        click.echo(f"The store in {store.folder} is empty. `{first}` puts a first model in it.")
    else:
        headings = ("MODEL", "VERSION", "FRAMEWORK", "CREATED", "SIZE", "LABELS")
        rows = [
            (i.name, i.version, i.framework, i.created, bytes_for_people(i.size), _pairs(dict(i.labels))) for i in found
        ]
        show_table(headings, rows)


@models.command()
@click.argument("tag")
@as_json
@home_option
def show(tag: str, as_json: bool, home: Path | None) -> None:
    """All that is known of a model: NAME, NAME:VERSION or NAME:latest."""
    store = _store(home)
    info = store.find(tag)
    path = store.path(info.tag)
    reference = store.reference(str(info.tag))
    shown = {
        **info.listed(),
        "reference": reference.hash if reference is not None else None,
        "custom": objects.names(path),
        "options": dict(info.options),
        "path": str(path),
    }
    if as_json:
        show_json(shown)
        return
    for key, value in shown.items():
        text = _pairs(value) if isinstance(value, dict) else ", ".join(value) if isinstance(value, list) else value
        text = bytes_for_people(info.size) if key == "size" else "none" if value is None else text
        click.echo(f"{key + ':':<11}{text}")


@models.command()
@click.argument("tag")
@click.option("--yes", is_flag=True, help="Do not ask.")
@home_option
def delete(tag: str, yes: bool, home: Path | None) -> None:
    """Delete one version. `latest` then names the newest that is left."""
    store = _store(home)
    info = store.find(tag)
    if not yes:
        click.confirm(f"Delete {info.tag}?", abort=True)
    store.delete(str(info.tag))
    click.echo(f"Deleted {info.tag}.")


@models.command()
@click.argument("tag")
@click.argument("target", type=click.Path(path_type=Path), default=".")
@home_option
def export(tag: str, target: Path, home: Path | None) -> None:
    """Write a version into one .tar.gz file."""
    click.echo(f"Wrote {archive.export(_store(home), tag, target)}.")


@models.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@home_option
def import_(source: Path, home: Path | None) -> None:
    """Take in what `export` wrote, checked against its manifest. It becomes the latest."""
    click.echo(f"Imported {archive.take_in(_store(home), source).tag}.")


def _store(home: Path | None) -> Store:
    return Store(Settings.load(home=resolve_home(home)).store)


def _pairs(values: dict[str, object]) -> str:
    return " ".join(f"{key}={value}" for key, value in values.items())
