"""Services that a stack watched before and was told not to watch any more: that they are gone is no fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from alerts.promql import Expr, select
from alerts.rules import HEADER, Recording, to_yaml

RETIRED = Recording(
    "serving:retired",
    Expr("vector(1)"),
    "requests",
    "Always 1: this service is not missed, though it is remembered. Only the stack of one machine records it.",
    labels={"service": ""},
)

RULES = "retired.rules.yml"


def but(expr: Expr) -> Expr:
    """Leave out what is retired."""
    return Expr(f"({expr})\nunless on (service) {select(RETIRED)}", expr.labels)


def rules(services: Iterable[str]) -> str:
    """Render the rule file that says so of these services."""
    found = [replace(RETIRED, labels={"service": name}).rule() for name in sorted(services)]
    document = {"groups": [{"name": "servewatch-retired", "rules": found}]}
    return f"{HEADER.format(source='what this stack watched before')}\n{to_yaml(document)}"
