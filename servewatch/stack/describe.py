"""Prints the name under which a service is measured, and writes the files of the metrics that it declares.

It runs in a process of its own: a user's module may import much.

python -m servewatch.stack.describe MODULE:NAME [FOLDER]
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from alerts.objectives import ObjectiveInvalid
from serving.errors import ServewatchError
from serving.service import definition
from serving.settings import Settings

OWNER = "owner="
"""Begins the last line but one, where there is an owner."""

INSTRUMENTED = "__servewatch_service__"
"""Where `monitoring.instrument` notes the name of an app that is not ours."""


def name_of(found: Any) -> str:
    """The name of a service's class, or of an app that was instrumented."""
    instrumented: str | None = getattr(found, INSTRUMENTED, None)
    return instrumented or definition(found).name


def owner_of(found: Any) -> str:
    """Who is told of its alerts: the one of the settings, else the one that is declared, else nobody in particular."""
    return Settings.load().owner or ("" if hasattr(found, INSTRUMENTED) else definition(found).owner)


def main(target: str, folder: str = "") -> None:
    """Import the service and write its name, alone on the last line; where that fails, why, in one line."""
    module, _, attribute = target.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
        name = name_of(found)
        if folder:
            _declared(name, Path(folder), found)
    except ServewatchError as error:
        sys.exit(error.message)
    except ObjectiveInvalid as error:
        sys.exit(str(error))
    except Exception as error:
        sys.exit(f"{type(error).__name__}: {' '.join(str(error).split())}")
    owner = owner_of(found)
    sys.stdout.write(f"\n{OWNER}{owner}\n{name}\n" if owner else f"\n{name}\n")


def _declared(name: str, folder: Path, found: Any) -> None:
    # Here and not above: the name alone needs none of what is generated.
    from servewatch import own, slos

    own.write(folder, name, own.declarations())
    promised = () if hasattr(found, INSTRUMENTED) else definition(found).slos
    slos.write(folder, slos.objectives(name, promised, Path.cwd()))


if __name__ == "__main__":
    main(*sys.argv[1:])
