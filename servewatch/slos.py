"""The objectives of a service, from its declaration and from slos.yml where it is started, as a rule file."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from alerts import slo
from alerts.objectives import FILE, Objective, ObjectiveInvalid, named
from monitoring.catalogue import Metric

RULES = "slo.rules.yml"
"""The name of the generated rule file of the defaults, which this one takes the place of."""


def objectives(service: str, texts: Iterable[str], folder: Path) -> tuple[Objective, ...]:
    """Give what the service's declaration promises, and what slos.yml of the folder does."""
    return (*slo.own(folder), *named(texts, service))


def write(folder: Path, declared: tuple[Objective, ...]) -> None:
    """Write the rules where a stack looks for them; where nothing is declared the defaults' file stays as it is."""
    if declared:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RULES).write_text(slo.rules(declared), encoding="utf-8")


def doubts(
    folder: Path, own: Iterable[Metric], served: Mapping[str, Mapping[str, Sequence[str]]] | None = None
) -> list[str]:
    """Tell which names and values of labels in slos.yml nobody here declares.

    `served` are the values that labels have in what servewatch exposes of a service, by its name. Raises where a query
    can never count what it says. Without the library that reads queries nothing is told.
    """
    path = folder / FILE
    if not path.is_file() or importlib.util.find_spec("promql_parser") is None:
        return []
    from servewatch.check import promised

    wrong, unknown = promised.doubts(path, own, served or {})
    if wrong:
        raise ObjectiveInvalid("\n".join(map(str, wrong)))
    return [str(problem) for problem in unknown]


def strangers(folder: Path, services: Collection[str]) -> list[str]:
    """Tell which services slos.yml promises something of, where these are the ones that there are."""
    promised = {objective.service for objective in slo.own(folder)} - {"", *services}
    served = " and ".join(sorted(services)) or "nothing"
    return [
        f"{FILE} promises something of {name!r}, and this stack watches {served}: where nothing else is called so, "
        "that is measured by nobody, and SLOBlind will say it"
        for name in sorted(promised)
    ]
