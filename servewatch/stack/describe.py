"""Prints what a service says of itself, as JSON, and writes the files of the metrics that it declares.

It runs in a process of its own: a user's module may import much.

python -m servewatch.stack.describe MODULE:NAME [FOLDER]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from alerts.objectives import ObjectiveInvalid
from monitoring.instrument import NAME
from serving import instrumented
from serving.errors import ServewatchError
from serving.loading import load_service
from serving.service import UNKNOWN, definition
from serving.settings import Settings

REFUSED = 3
"""The exit code where the last line says, as JSON, what is wrong with the service or with its objectives."""


def load(target: str) -> Any:
    """A service's class, or an app that is measured."""
    app = instrumented.find(target)
    # What is no app that we measure is a service, or a mistake that loading explains.
    return load_service(target) if app is None else app


def name_of(found: Any) -> str:
    """The name of a service's class, or of an app that was instrumented."""
    app: str | None = getattr(found, NAME, None)
    return app or definition(found).name


def owner_of(found: Any) -> str:
    """Who is told of its alerts: the one of the settings, else the one that is declared, else nobody in particular."""
    return Settings.load().owner or ("" if hasattr(found, NAME) else definition(found).owner)


def slos_of(found: Any) -> tuple[str, ...]:
    """What it promises in its own declaration."""
    return () if hasattr(found, NAME) else definition(found).slos


def served_by(found: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    """The values of labels in what it exposes, by its name; those of an app that was instrumented are its routes."""
    if hasattr(found, NAME):
        return {}
    made = definition(found)
    endpoints = (*(endpoint.name for endpoint in made.endpoints), UNKNOWN)
    return {made.name: {"endpoint": endpoints, "runner": tuple(runner.name for runner in made.runners)}}


def main(target: str, folder: str = "") -> None:
    """Import the service and write its name and more, on the last line; where that fails, why."""
    try:
        found = load(target)
        name = name_of(found)
        doubts = _declared(name, Path(folder), found) if folder else []
    except ServewatchError as error:
        _refuse({"message": error.message, "help": error.help})
    except ObjectiveInvalid as error:
        _refuse({"objectives": str(error)})
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")
    # What a module prints while it is imported stands before.
    sys.stdout.write(f"\n{json.dumps({'name': name, 'owner': owner_of(found), 'doubts': doubts})}\n")


def _refuse(said: dict[str, str]) -> NoReturn:
    sys.stdout.write(f"\n{json.dumps(said)}\n")
    sys.exit(REFUSED)


def _declared(name: str, folder: Path, found: Any) -> list[str]:
    # Here and not above: the name alone needs none of what is generated.
    from servewatch import own, slos

    own.write(folder, name, own.declarations())
    slos.write(folder, slos.objectives(name, slos_of(found), Path.cwd()))
    return slos.doubts(Path.cwd(), own.metrics(), served_by(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
