"""The two windows that alerts look at, and how they are weighed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from alerts.promql import Expr, Match, or_zero, over_time, ratio, select, total
from alerts.rules import Recording

SHORT, LONG = "1m", "5m"
"""On the short one an alert starts and ends within minutes; the long one speaks where traffic is thin."""

_SECONDS = {SHORT: 60, LONG: 300}


def share(rates: Recording, by: Iterable[str], window: str = "", /, **part: Match) -> Expr:
    """Give the share of recorded rates that matches `part`: 0 where none does, no result where nothing came."""
    kept = tuple(by)
    whole = total(kept, over_time("sum", rates, window) if window else select(rates))
    matching = over_time("sum", rates, window, **part) if window else select(rates, **part)
    return ratio(or_zero(total(kept, matching), whole), whole)


def lasting(
    values: tuple[Recording, Recording], rates: tuple[Recording, Recording], threshold: float, minimum: int
) -> Expr:
    """Ask whether a value is above its threshold in the short window, of enough requests to mean something.

    Where fewer came in the short window, the long one has to say the same of at least as many. So one
    failure of one request is no alert, a service with little traffic is not forgotten, and either way
    the alert ends when the short window is clean.
    """
    short, long = (select(value) for value in values)
    few, many = (_requests(rates[at], window, short) for at, window in enumerate((SHORT, LONG)))
    return Expr(
        f"{short} > {threshold:g}\n"
        f"and (\n"
        f"  {few} >= {minimum}\n"
        f"  or ({many} >= {minimum} and {long} > {threshold:g})\n"
        f")",
        short.labels,
    )


def rounded(ratio: Expr) -> Expr:
    """Give a ratio to a tenth of a percent, so that texts which tell it have as many digits each time."""
    return Expr(f"round(\n{textwrap.indent(ratio, '  ')},\n  0.001\n)", ratio.labels)


def _requests(rates: Recording, window: str, like: Expr) -> Expr:
    counted = total(sorted(like.labels, reverse=True), select(rates))
    return Expr(f"{_SECONDS[window]} * {counted}", counted.labels)
