"""What `servewatch generate --service` adds: a service's own metrics as files, and the word of promtool on them."""

from __future__ import annotations

import importlib
from pathlib import Path

from servewatch.cli.declarations import DeclarationWrong
from serving.errors import ServewatchError
from serving.loading import import_from_here, load_service


class NothingDeclared(ServewatchError):
    """The service that was named declares no metric of its own."""

    code = "nothing_declared"


class AlertsUnproved(ServewatchError):
    """promtool refuses a service's rules, or a test of them fails."""

    code = "alerts_unproved"


def own_files(service: str) -> dict[Path, str]:
    """The files of what a service declares, by their paths below where they go."""
    from servewatch import own

    name = _name(service)
    declared = own.declarations()
    if not declared:
        raise NothingDeclared(
            f"{service} declares no metric of its own", "ORDERS = own.counter(...): see monitoring/OWN.md"
        )
    try:
        return own.files(name, declared)
    except ValueError as wrong:
        raise DeclarationWrong(str(wrong), f"change how {service} declares it") from None


def prove(folder: Path) -> None:
    """Let promtool load the rules and run their tests; say so, and raise where one fails."""
    from servewatch import own

    if not (folder / own.RULES).is_file():
        print("no alerts: none of its metrics has one")
        return
    answer = own.proved(folder)
    if answer is None:
        print(f"promtool is not on PATH: {folder / own.TESTS} was not run")
    elif answer.fine:
        tests = (folder / own.TESTS).read_text().count("- name:")
        print(f"promtool: the rules load, and {tests} of {tests} tests hold")
    else:
        raise AlertsUnproved(f"promtool says of {folder}: {answer.text}", "change the declaration of that alert")


def _name(service: str) -> str:
    from servewatch.stack.describe import INSTRUMENTED, name_of

    module, _, attribute = service.partition(":")
    import_from_here()
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except (ImportError, ValueError):
        found = None
    # What is no app that we measure is a service, or a mistake that loading explains.
    return name_of(found) if hasattr(found, INSTRUMENTED) else name_of(load_service(service))
