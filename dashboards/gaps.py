"""What a server that is not ours does not tell: said where the number would stand, and never drawn as nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attr

from alerts.adapters import ADAPTERS, GAPS, Signal
from alerts.promql import Expr, aggregate, select
from dashboards import panels, style
from dashboards.chosen import SERVICE
from dashboards.panels import Modern

_evolve: Any = attr.evolve

_SIGNALS: dict[str, Signal] = {
    "Requests": "requests",
    "Error ratio": "requests",
    "p50": "latency",
    "p95": "latency",
    "p99": "latency",
    "In flight": "in_progress",
    "Queue": "queue_requests",
}
"""The stats of a service that a server may not tell, by their titles."""

_WORDS: dict[Signal, str] = {
    "requests": "Requests and errors",
    "latency": "Latency",
    "in_progress": "Requests in progress",
    "queue_requests": "Requests that wait",
    "queue_seconds": "How long they wait",
    "batch_size": "Batch size",
}

ONLY_OURS = "No data: nothing of it yet, or its server does not provide it"
"""What a panel says that reads what our own server alone tells, where another one serves."""

NO_BATCHES = "No data: no traffic, no batching, or its server does not provide it"
"""The same of what a service has only where its requests wait for a runner."""


def stated(stats: Sequence[Modern]) -> list[Modern]:
    """Let each stat say which server does not provide its number, where that is why there is none."""
    return [_stated(stat, _SIGNALS[stat.title]) if stat.title in _SIGNALS else stat for stat in stats]


def inside(lines: Sequence[Sequence[Modern]]) -> list[list[Modern]]:
    """Let each panel that has no words of its own say why it may be empty."""
    return [[_evolve(panel, defaults={"noValue": ONLY_OURS, **panel.defaults}) for panel in line] for line in lines]


def missing() -> Modern:
    """What the chosen services' servers do not tell, one line each."""
    columns = {"service": "Service", "server": "Server", "signal": "Not provided"}
    words = {signal: {"text": text, "index": at} for at, (signal, text) in enumerate(_WORDS.items())}
    table = panels.table(
        "Not provided",
        "Signals that the server of a service does not tell (serving:not_provided): panels that need them stay empty. "
        "Empty where all are told, as by our own server where it batches. alerts/ADAPTERS.md says what each has.",
        aggregate("max", tuple(columns), select(GAPS[0], **SERVICE)),
        columns,
        "Nothing: all signals are provided",
    )
    named: Modern = _evolve(table, defaults={**table.defaults, "mappings": [{"type": "value", "options": words}]})
    return named


def _stated(stat: Modern, signal: Signal) -> Modern:
    (asked,) = stat.targets
    kept = ("service",) if "service" in asked.expr.labels else ()
    number = aggregate("max", kept, select(GAPS[0], signal=signal, **SERVICE))
    # Below zero, where no such number can be: the text that it stands for is shown in its place.
    told = _evolve(asked, expr=Expr(f"{asked.expr} or -1 * {number}", kept))
    said = {
        f"{-adapter.number}": {"text": adapter.said, "color": style.NOTHING, "index": at}
        for at, adapter in enumerate(ADAPTERS)
    }
    mappings = [*stat.defaults.get("mappings", []), {"type": "value", "options": said}]
    stated: Modern = _evolve(stat, targets=[told], defaults={**stat.defaults, "mappings": mappings})
    return stated
