"""When an alert's condition holds: formulas over its declared windows and limits, and the size of what happens."""

from __future__ import annotations

import math
from collections.abc import Iterator

from alerts import Alert
from servewatch.replay.incident import Promise


def at_once(alert: Alert, after: float = 0.0, why: str = "the condition is the incident itself") -> Promise:
    """It holds as soon as it happens, or after what the incident itself takes."""
    return Promise(alert, after, why)


def crossing(
    window: float, limit: float, before: tuple[float, float], after: tuple[float, float], smooth: float = 0.0
) -> float:
    """When the mean of a window passes a limit, as what it holds changes from one value to another.

    Each side is a value and how much weight a second of it has. A window of means of `smooth` seconds lags by half.
    """
    (old, old_weight), (new, new_weight) = before, after
    old_side, new_side = old_weight * abs(limit - old), new_weight * abs(new - limit)
    return window * old_side / (old_side + new_side) + smooth / 2


def share(alert: Alert, window: float, limit: float, size: float, more: float = 1.0, smooth: float = 0.0) -> Promise:
    """A share that was nothing, and is so large now, in a window that fills; `more` is how much more comes now."""
    after = crossing(window, limit, (0.0, 1.0), (size, more), smooth)
    return Promise(alert, after, f"{limit:.3g} of a window of {window:g} s, when {size:.3g} of what comes is so")


def stepped(after: float, step: float) -> float:
    """The first evaluation of a slow rule at which something shows: one step at least, as steps are counted whole."""
    return max(1.0, math.ceil(after / step)) * step


def surely_below(limit: float, sure: float, step: float, seen: Iterator[tuple[float, float]]) -> float:
    """The first step at which a share is below its limit by so many standard deviations."""
    for at, (mean, deviation) in enumerate(seen, start=1):
        if mean + sure * deviation < limit:
            return at * step
    raise ValueError(f"what is seen never falls below {limit:g}")
