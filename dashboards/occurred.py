"""Series that are drawn where something occurred in the time that is shown: at 0 before and after it, too.

Where they were left out at 0, a legend would go on to show the last value above it as what is so now.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerts.promql import Expr, Match, Source, increase, over_time, total

_SHOWN = "$__range"
"""The time that the dashboard shows, which ends at `end()`."""


def occurred(by: Iterable[str], now: Expr, source: Source, **matchers: str | Match) -> str:
    """Ask for `now`, by these labels, of what the source was above 0 of: a recording, or a counter that grew."""
    labels = tuple(by)
    counter = source.kind == "counter"
    ever = increase(source, _SHOWN, **matchers) if counter else over_time("max", source, _SHOWN, **matchers)
    # At the end, and not at each point: it is one query of the whole, and a line has its zeros from the beginning.
    once = str(total(labels, ever)).replace(f"[{_SHOWN}]", f"[{_SHOWN}] @ end()")
    return f"{now} and on ({', '.join(labels)}) {once} > 0"
