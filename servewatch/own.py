"""What a service declares of its own, as files: rules with their tests, dashboards with its row, a table."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from alerts import own, own_tests
from monitoring.catalogue import Metric
from monitoring.catalogue.declaration import Declaration
from monitoring.own import DECLARED
from servewatch.stack import promtool

RULES, TESTS, BOARDS, TABLE = (
    Path("rules/own.rules.yml"),
    Path("tests/own.test.yml"),
    Path("dashboards"),
    Path("OWN.md"),
)


def declarations() -> tuple[Declaration, ...]:
    """What this process has declared by importing a service."""
    return DECLARED.all


def metrics() -> tuple[Metric, ...]:
    """The metrics of these, each with the values that its labels are declared to have."""
    return tuple(replace(made.metric, values={k: v for k, v in made.known.items() if v}) for made in DECLARED.all)


def files(service: str, declared: Sequence[Declaration]) -> dict[Path, str]:
    """Render every file of a service's own metrics by its path below the folder where they will be."""
    # Here and not above: a stack of a service without metrics of its own does not need them.
    from servewatch import documents

    found = {TABLE: documents.own(service, declared)}
    if any(made.alert is not None for made in declared):
        found[RULES] = own.rules(declared, service)
        found[TESTS] = own_tests.tests(declared, service, str(Path("..") / RULES))
    if importlib.util.find_spec("grafanalib") is not None:
        found |= {BOARDS / f"{name}.json": text for name, text in _boards(declared).items()}
    return found


def write(folder: Path, service: str, declared: Sequence[Declaration]) -> None:
    """Make the folder hold these files and nothing else; a service without metrics of its own has none."""
    shutil.rmtree(folder, ignore_errors=True)
    if not declared:
        return
    for path, text in files(service, declared).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def proved(folder: Path) -> promtool.Answer | None:
    """What promtool says of the rules and of their tests; None where there are none, or no promtool."""
    rules = sorted(folder.glob(f"{RULES.parent}/*.yml"))
    if not rules or promtool.find() is None:
        return None
    loaded = promtool.check_rules(rules)
    return promtool.run_tests(folder / TESTS) if loaded.fine and (folder / TESTS).is_file() else loaded


def _boards(declared: Sequence[Declaration]) -> dict[str, str]:
    import dashboards
    from dashboards import service as board

    return {**dashboards.DASHBOARDS, "service": board.render(declared)}
