"""The windows that alerts look at: the two of requests and how they are weighed, and those of drift."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

from alerts.promql import Expr, Match, or_zero, over_time, ratio, select, total
from alerts.rules import Recording

SHORT, LONG = "1m", "5m"
"""On the short one an alert starts and ends within minutes; the long one speaks where traffic is thin."""

_SECONDS = {SHORT: 60, LONG: 300}
_UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d)\Z")
_MONTH = 30 * _UNITS["d"]
_LOOKS = 25


class WindowsInvalid(ValueError):
    """Windows in which drift could not be counted."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Over which windows drift is scored, from counts of which step, and how many false alarms are accepted.

    Short ones make a demonstration or a test of days run in minutes. `scrape` is how often Prometheus reads the
    counters: so much of a step may be lost where a replica starts or ends.
    """

    step: str = "5m"
    windows: tuple[str, ...] = ("1h", "1d")
    scrape: str = "5s"
    false_pages: float = 1.0
    """False alarms that a service may raise in a month over all that it watches."""

    def __post_init__(self) -> None:
        """Refuse windows that are no whole number of steps, or that do not rise."""
        step, found = milliseconds(self.step), [milliseconds(window) for window in self.windows]
        if milliseconds(self.scrape) > step / 2:
            raise WindowsInvalid(f"a step of {self.step} with a scrape each {self.scrape}: it takes two at least")
        if len(found) < 2 or found != sorted(set(found)) or any(w % step or w < 2 * step for w in found):
            raise WindowsInvalid(
                f"windows {' '.join(self.windows)!r}: two at least, each longer than the one before and a whole "
                f"number of steps of {self.step}"
            )
        if not self.false_pages > 0:
            raise WindowsInvalid(f"{self.false_pages:g} false alarms a month: a number above 0, like 1 or 0.1")

    @property
    def short(self) -> str:
        """The window that sees a fault first."""
        return self.windows[0]

    @property
    def long(self) -> str:
        """The window that a daily cycle does not move, and in which weak drift shows."""
        return self.windows[-1]

    @property
    def slice(self) -> tuple[str, float]:
        """The range of a counter's samples in one step and of the one before, and what to multiply its increase by.

        Prometheus 2 has ranges that are closed at both ends: a millisecond less keeps it from taking one more.
        """
        length = milliseconds(self.step) + milliseconds(self.scrape) - 1
        return duration(length), milliseconds(self.step) / length

    @property
    def settled(self) -> tuple[str, str]:
        """How long ago a step ended, and began, whose last samples have surely been stored.

        A scrape counts from its start and is stored at its end. A step that ended just now would miss what is under
        way, and the next one, which begins there, would have it before its first sample: lost to both.
        """
        return self.scrape, duration(milliseconds(self.step) + milliseconds(self.scrape))

    @property
    def bridge(self) -> str:
        """How far back a counter is looked for where a step begins or ends.

        As far as Prometheus itself looks, past scrapes that failed, and with scrapes that are rarer than was said.
        """
        return duration(max(milliseconds("5m"), 3 * milliseconds(self.scrape)))

    def points(self, window: str) -> str:
        """The range that holds the steps of a window, as many in Prometheus 2 as in 3."""
        return duration(milliseconds(window) - milliseconds(self.step) // 2)

    @property
    def memory(self) -> str:
        """How long what is scraped seldom, or recorded once a step, is taken for known."""
        return duration(max(milliseconds("10m"), 2 * milliseconds(self.step)))

    def looks(self, window: str) -> float:
        """How often in a month a window that slides by a step shows something new.

        As often as it is evaluated, but not more than about z squared times in its own length: what it shows changes
        no faster.
        """
        length = milliseconds(window)
        return _MONTH / length * min(length / milliseconds(self.step), _LOOKS)


def milliseconds(text: str) -> int:
    """How long a duration of Prometheus is, like 90s, 5m, 1h or 1d."""
    match = _DURATION.match(text)
    if match is None or int(match[1]) == 0:
        raise WindowsInvalid(f"{text!r} is no duration: a whole number and s, m, h or d, like 5m")
    return int(match[1]) * _UNITS[match[2]]


def duration(length: int) -> str:
    """Write a number of milliseconds as Prometheus reads it."""
    unit = next(unit for unit in reversed(_UNITS) if length % _UNITS[unit] == 0)
    return f"{length // _UNITS[unit]}{unit}"


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
