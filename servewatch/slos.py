"""The objectives of a service, from its declaration and from slos.yml where it is started, as a rule file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from alerts import slo
from alerts.objectives import Objective, named

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
