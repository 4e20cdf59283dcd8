"""What `servewatch generate --service` writes: all that watches a service, and the word of promtool on it."""

from __future__ import annotations

import sys
from pathlib import Path

from servewatch.cli.declarations import DeclarationWrong
from serving.errors import ServewatchError


class AlertsUnproved(ServewatchError):
    """promtool refuses a service's rules, or a test of them fails."""

    code = "alerts_unproved"


def own_files(service: str) -> dict[Path, str]:
    """The files of all that watches a service, by their paths below where they go."""
    from servewatch import own, slos, watched
    from servewatch.stack.describe import load, name_of, owner_of, served_by, slos_of

    found = load(service)
    name = name_of(found)
    declared = own.declarations()
    try:
        for doubt in slos.doubts(Path.cwd(), own.metrics(), served_by(found)):
            print(f"{doubt}\n", file=sys.stderr)
        return watched.files(name, declared, slos.objectives(name, slos_of(found), Path.cwd()), owner_of(found))
    except ValueError as wrong:
        raise DeclarationWrong(str(wrong), f"change how {service} declares it") from None


def prove(folder: Path) -> None:
    """Let promtool load the rules and run the tests of the service's own; say so, and raise where one fails."""
    from servewatch import own

    answer = own.proved(folder)
    if answer is None:
        print(f"promtool is not on PATH: the rules and tests in {folder} were not run")
    elif not answer.fine:
        raise AlertsUnproved(f"promtool says of {folder}: {answer.text}", "change the declaration of that alert")
    elif (tests := folder / own.TESTS).is_file():
        count = tests.read_text().count("- name:")
        print(f"promtool: the rules load, and {count} of {count} tests hold")
    else:
        print("promtool: the rules load; no metric of its own has an alert")
