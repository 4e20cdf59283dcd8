"""What was measured, as a table and a picture."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from html import escape

from load import Measured

Results = Mapping[str, Mapping[str, Sequence[Measured]]]
"""Server, then kind of load (`json c=64`), then the rounds."""


def median(rounds: Sequence[Measured], what: str) -> float:
    """The middle of the rounds."""
    return statistics.median(getattr(measured, what) for measured in rounds)


def table(results: Results, titles: Mapping[str, str], reference: str) -> str:
    """Markdown: a row per server; for each load its throughput, as a ratio to the reference's too, and its latency."""
    loads = list(results[reference])
    lines = [
        "| server | " + " | ".join(f"{load}: req/s, to {reference} | p50, p99 ms" for load in loads) + " |",
        "| --- |" + " --- |" * (2 * len(loads)),
    ]
    for name, by_load in results.items():
        cells = [cell for load in loads for cell in _cells(by_load.get(load), results[reference][load])]
        lines.append(f"| {titles[name]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cells(rounds: Sequence[Measured] | None, reference: Sequence[Measured]) -> list[str]:
    if not rounds:
        return ["-"] * 2
    rate = median(rounds, "rate")
    failed = sum(measured.failed for measured in rounds)
    shown = f"{rate:,.0f}, {rate / median(reference, 'rate'):.2f}" + (f" ({failed} failed)" if failed else "")
    return [shown, f"{median(rounds, 'p50'):.2f}, {median(rounds, 'p99'):.1f}"]


def plot(results: Results, titles: Mapping[str, str], load: str, note: str) -> str:
    """An SVG with a bar per server."""
    rows = [(titles[name], median(by_load[load], "rate")) for name, by_load in results.items() if by_load.get(load)]
    rows.sort(key=lambda row: -row[1])
    most, step = max(rate for _, rate in rows), 34
    bars = []
    for at, (title, rate) in enumerate(rows):
        y, colour = 40 + at * step, "#ff9830" if title.startswith("servewatch") else "#5794f2"
        bars.append(
            f'<text x="300" y="{y + 16}" text-anchor="end">{escape(title)}</text>'
            f'<rect x="310" y="{y}" width="{max(1.0, 380 * rate / most):.1f}" height="22" rx="2" fill="{colour}"/>'
            f'<text x="{318 + 380 * rate / most:.1f}" y="{y + 16}">{rate:,.0f}</text>'
        )
    height = 60 + len(rows) * step
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 {height}" font-family="sans-serif" font-size="13">'
        f'<rect width="780" height="{height}" fill="#ffffff"/><text x="10" y="22" font-weight="bold">'
        f"Requests per second, {escape(load)}</text>{''.join(bars)}"
        f'<text x="10" y="{height - 6}" font-size="11" fill="#666666">{escape(note)}</text></svg>\n'
    )
