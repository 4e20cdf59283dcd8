"""Finds a service by `MODULE:NAME`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from monitoring.articles import a
from monitoring.instrument import NAME
from serving.errors import ServewatchError, ServiceInvalid
from serving.places import place_of
from serving.service import DEFINITION, definition


def import_from_here() -> None:
    """Let the folder that a command is run in count as a place to import from: an installed command does not see it."""
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))


def load_attribute(target: str) -> Any:
    """Import what MODULE:NAME is, None where the module has no such name; the folder we are in counts."""
    module_name, _, name = target.partition(":")
    if not name or not all(part.isidentifier() for part in module_name.split(".")):
        raise ServiceInvalid(
            f"{target!r} does not name a service", "write MODULE:NAME, as in examples.fashion.service:Fashion"
        )
    import_from_here()
    try:
        module = importlib.import_module(module_name)
    except ServewatchError as error:
        error.message = f"{place_of(error)}{error.message}"
        raise
    except ImportError as error:
        raise _unimported(module_name, error) from None
    return getattr(module, name, None)


def _unimported(module_name: str, error: ImportError) -> ServiceInvalid:
    said = f"module {module_name!r} cannot be imported: {place_of(error)}{error}"
    if not isinstance(error, ModuleNotFoundError):
        circle = "partially initialized" in str(error)
        return ServiceInvalid(
            said,
            "two modules import each other: move what both need into a third"
            if circle
            else f"look for the right name in {error.name}",
        )
    own = error.name is not None and f"{module_name}.".startswith(f"{error.name}.")
    return ServiceInvalid(said, f"run it where {module_name} is" if own else f"install what {error.name} comes from")


def load_service(target: str) -> type:
    """Import a service's class; the folder we are in counts as a place to import from."""
    found = load_attribute(target)
    module_name, _, name = target.partition(":")
    if hasattr(found, NAME):
        raise ServiceInvalid(
            f"{target} is an app that was instrumented, and such a one is served by one process",
            "leave out --workers and --runners, or run it under its own server, as uvicorn --workers N, with "
            "instrument(app, processes=FOLDER)",
        )
    if callable(found) and not isinstance(found, type):
        raise ServiceInvalid(
            f"{target} is {a(type(found).__name__)}, and no service",
            "put @service on a class, or call monitoring.instrument(app) where an app of FastAPI or Flask is made",
        )
    if hasattr(type(found), DEFINITION):
        raise ServiceInvalid(f"{target} is an instance of {type(found).__name__}", "name the class, without ()")
    if not isinstance(found, type):
        services = [
            key
            for key, value in vars(sys.modules[module_name]).items()
            if isinstance(value, type) and DEFINITION in vars(value)
        ]
        held = ", ".join(services) or "no service"
        raise ServiceInvalid(f"{module_name} has no class {name!r}; it has {held}", "put @service on a class")
    definition(found)
    return found
