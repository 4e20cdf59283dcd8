"""The table of what each server tells, for readers."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.adapters import ADAPTERS
from alerts.adapters.adapter import SIGNALS, Adapter, Signal

HEADINGS: dict[Signal, str] = {
    "requests": "requests, errors",
    "latency": "latency",
    "in_progress": "in progress",
    "queue_requests": "queue",
    "queue_seconds": "wait",
    "batch_size": "batch size",
}
YES, SOMETIMES, NO = "yes", "if set up", "not provided"


def told(adapter: Adapter, signal: Signal) -> str:
    """Whether a server tells a signal: always, where it is set up so, or never."""
    if signal not in adapter.provided:
        return NO
    return SOMETIMES if signal in adapter.shown_by else YES


def markdown() -> str:
    """What each server tells, and what to know about it."""
    lines = [("server", "`--target`", "metrics at", *HEADINGS.values()), ("---",) * (3 + len(HEADINGS))]
    lines += [_row(adapter) for adapter in ADAPTERS]
    table = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    return (
        "# What each server tells\n\n"
        "What dashboards, objectives and alerts know of a server that is not ours. "
        f'"{SOMETIMES}" is told where the server is set up so, or once it happened.\n\n'
        f"{table}\n" + "\n".join(_notes())
    )


def _row(adapter: Adapter) -> tuple[str, ...]:
    where = f"`:{adapter.port}{adapter.path}`"
    return (adapter.server, f"`{adapter.kind}`", where, *(told(adapter, signal) for signal in SIGNALS))


def _notes() -> Iterator[str]:
    for adapter in ADAPTERS:
        shown = "".join(f"- {note}\n" for note in adapter.notes)
        read = ", ".join(f"`{metric.name}`" for metric in adapter.metrics)
        yield f"## {adapter.server}\n\nIt reads {read}.\n\n{shown}"
