"""How a canonical recording is filled from another server's metric: codes, bounds in seconds, means."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from alerts.adapters.foreign import SECONDS
from alerts.promql import Expr, Match, QueryInvalid, bucket_rate, like, mean, rate, ratio, select, total
from monitoring.catalogue import Metric, requests

BY = ("service",)

Where = dict[str, str | Match]
Fill = Callable[[Where], Expr]
"""A query, given the matchers that choose the series of one adapter."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Requests of one code, or of the codes that a label tells."""

    rate: Callable[[str, Where], Expr]
    code: str = ""


@dataclass(frozen=True, slots=True)
class Latency:
    """A histogram of how long requests took, and which of its series count."""

    metric: Metric
    where: Where = field(default_factory=dict)

    @property
    def unit(self) -> float:
        """How many seconds its unit is."""
        if self.metric.unit not in SECONDS:
            known = ", ".join(SECONDS)
            raise QueryInvalid(f"{self.metric.name!r} has the unit {self.metric.unit!r}: a time is in {known}")
        return SECONDS[self.metric.unit]


def answered(metric: Metric, code: str, **where: str | Match) -> Answers:
    """Requests that a counter counts and that all had the outcome for which this code stands."""
    return Answers(lambda window, chosen: total(BY, rate(metric, window, **chosen, **where)), code)


def coded(metric: Metric, label: str, *more: tuple[str, str], **where: str | Match) -> Answers:
    """Requests of a counter whose label tells the code; `more` says for which code other values of it stand.

    A pattern that comes later wins over one before it.
    """

    def made(window: str, chosen: Where) -> Expr:
        found, told = total(("service", label), rate(metric, window, **chosen, **where)), label
        if label == "code":  # kept beside, as two values that come to stand for one code would else be one series twice
            found, told = relabelled(found, "told", "$1", "code", "(.*)"), "told"
        for pattern, code in (*more, ("([0-9]{3})", "$1")):
            found = relabelled(found, "code", code, told, pattern)
        return total(("service", "code"), found)

    return Answers(made)


def merged(*found: Expr) -> Expr:
    """Requests that a server counts in several places, which differ in some label, by service and code."""
    every = frozenset.intersection(*(one.labels for one in found))
    return total(("service", "code"), Expr("\nor ".join(map(str, found)), every))


def summed(metric: Metric, **where: str | Match) -> Fill:
    """A gauge, summed over what the server tells apart."""
    return lambda chosen: total(BY, select(metric, **chosen, **where))


def quotient(part: Metric, whole: Metric, window: str, unit: float = 1.0) -> Fill:
    """How much of one counter comes with each of another, in this unit of seconds."""

    def made(chosen: Where) -> Expr:
        found = ratio(total(BY, rate(part, window, **chosen)), total(BY, rate(whole, window, **chosen)))
        return found if unit == 1 else Expr(f"{unit:g} * {found}", found.labels)

    return made


def averaged(metric: Metric, window: str, **where: str | Match) -> Fill:
    """The mean of what a histogram observed, in seconds where it observed a time."""

    def made(chosen: Where) -> Expr:
        found, unit = mean(metric, window, BY, **chosen, **where), SECONDS.get(metric.unit, 1.0)
        return found if unit == 1 else Expr(f"{unit:g} * {found}", found.labels)

    return made


def in_seconds(latency: Latency, window: str, chosen: Where) -> Expr:
    """Rates of a histogram's buckets whose bounds are told in seconds, whatever unit the server counts in.

    From the smallest bound upwards, as a bound in seconds may look like a larger one in the server's unit.
    """
    found = bucket_rate(latency.metric, window, BY, **chosen, **latency.where)
    if latency.unit == 1:
        return found
    for bound in latency.metric.buckets:
        found = relabelled(found, "le", f"{latency.unit * bound:.6g}", "le", _written(bound))
    return found


def between(latency: Latency, window: str, chosen: Where) -> Iterator[tuple[str, Expr]]:
    """The bounds that objectives may name and that the histogram lacks, as a straight line between its own would have.

    Percentiles assume that same line, so they stay what they were. Beyond the last bound nothing is known.
    """
    bounds = [latency.unit * bound for bound in latency.metric.buckets]
    for wanted in requests.DURATION.buckets:
        if any(abs(bound - wanted) < 1e-9 for bound in bounds) or wanted > bounds[-1]:
            continue
        above = next(at for at, bound in enumerate(bounds) if bound > wanted)
        yield f"{wanted:g}", _line(latency, window, chosen, wanted, above)


def _line(latency: Latency, window: str, chosen: Where, wanted: float, above: int) -> Expr:
    def at(bound: float) -> Expr:
        own = bound / latency.unit
        matchers = {**chosen, **latency.where, "le": like(_written(own))}
        return total(BY, bucket_rate(latency.metric, window, BY, **matchers))

    bounds = [0.0, *(latency.unit * bound for bound in latency.metric.buckets)]
    low, high = bounds[above], bounds[above + 1]
    part = (wanted - low) / (high - low)
    line = f"{part:.6g} * {at(high)}" + (f"\n+ {1 - part:.6g} * {at(low)}" if low else "")
    return Expr(line, BY)


def _written(bound: float) -> str:
    """A bound as servers write it: 1 or 1.0, in full or with an exponent, as a regular expression."""
    texts = dict.fromkeys((f"{bound:.6g}", repr(float(bound)), f"{bound:.12g}", f"{round(bound)}"))
    same = [text for text in texts if abs(float(text) - bound) <= 1e-5 * bound]
    return "|".join(re.escape(text).replace("\\-", "-") for text in same)


def relabelled(inner: Expr, label: str, to: str, source: str, pattern: str) -> Expr:
    """Write a label from another one's value, where the pattern matches all of it."""
    escaped = pattern.replace("\\", "\\\\")
    return Expr(f'label_replace({inner}, "{label}", "{to}", "{source}", "{escaped}")', inner.labels | {label})
