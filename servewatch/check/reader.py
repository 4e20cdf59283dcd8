"""Walks a query: which labels its result carries, and what in it could never work."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import promql_parser as promql

from servewatch.check.declared import Declared, Series

Labels = frozenset[str]

SCRAPE = 15.0
"""The longest time between two scrapes, in seconds, for which windows are made."""

_RATES = {"rate", "increase", "irate"}
_LAST = "last_over_time"
_TAKE_COUNTERS = _RATES | {"-", "resets", "changes", "absent", "absent_over_time", "present_over_time", "timestamp"}
_SETS = {"and", "unless", "or"}
_ANY = ".+"
"""What stands for a variable of a dashboard."""

_MANY = 20
_SAMPLES = 4
"""How many scrapes a window of a rate holds at least: with fewer, one that fails leaves a gap."""


class Found(tuple[str, str, str]):
    """What was found, what was expected, and the part of the text that is wrong."""


def one_of(labels: Iterable[str]) -> str:
    """Name what is there."""
    return f"one of {', '.join(sorted(labels)) or 'no labels'}"


def _some_of(values: Sequence[str], given: str) -> str:
    """Name what a label can be, and what is likely meant."""
    pattern = given.lower().replace("x", ".")
    meant = pattern if _hits(pattern, values) else next(iter(difflib.get_close_matches(given, values, n=1)), "")
    named = f"{values[0]} to {values[-1]}" if len(values) > _MANY else ", ".join(values)
    return f"one of {named}{f'; perhaps {meant}' if meant else ''}"


def _hits(pattern: str, values: Iterable[str]) -> bool:
    try:
        return any(re.fullmatch(pattern, value) for value in values)
    except re.error:
        return True  # Prometheus and this library do not write patterns alike: it may know what this is


def _grown(node: Any) -> bool:
    """Whether a series is subtracted from itself, later: that is how much a counter grew."""
    left, right = _moment(node.lhs), _moment(node.rhs)
    return str(node.op) == "-" and left is not None and left == right


def _moment(node: Any) -> str | None:
    """The series that this is the value of at one moment, or its last one before."""
    if isinstance(node, promql.VectorSelector):
        return node.name or ""
    if isinstance(node, promql.Call) and node.func.name == _LAST and isinstance(node.args[0], promql.MatrixSelector):
        return node.args[0].vector_selector.name or ""
    return None


class Reader:
    """Walks an expression and answers which labels it carries; None where that cannot be known, or is a scalar.

    `counters` may be read as they are; `samples` are made up, for a test, and may have other buckets too. `service` is
    the one of which a selector speaks that names none.
    """

    def __init__(
        self,
        declared: Declared,
        *,
        counters: bool = False,
        samples: bool = False,
        scrape: float = SCRAPE,
        service: str = "",
    ) -> None:
        self.declared = declared
        self.counters = counters or samples
        self.samples = samples
        self.scrape = scrape
        self.service = service
        self.found: list[Found] = []

    def say(self, found: str, expected: str, needle: str = "") -> None:
        """Keep what is wrong."""
        self.found.append(Found((found, expected, needle)))

    def read(self, node: Any, inside: str = "") -> Labels | None:
        """Walk one node; `inside` is the function that it is an argument of."""
        match node:
            case promql.VectorSelector():
                return self._selector(node, inside)
            case promql.MatrixSelector():
                self._window(node, inside)
                return self._selector(node.vector_selector, inside)
            case promql.Call():
                return self._call(node, inside)
            case promql.AggregateExpr():
                return self._aggregate(node)
            case promql.BinaryExpr():
                return self._binary(node)
            case promql.SubqueryExpr():
                return self._subquery(node, inside)
            case promql.ParenExpr() | promql.UnaryExpr():
                return self.read(node.expr, inside)
        return None

    def _selector(self, node: Any, inside: str) -> Labels | None:
        matchers = node.matchers.matchers
        name = node.name or next((m.value for m in matchers if m.name == "__name__" and _equals(m)), "")
        if not name:
            return self._several(matchers)
        series = self.declared.series.get(name)
        if series is None:
            if not self.declared.elsewhere(name):
                self._unknown(name)
            return None
        for matcher in matchers:
            if matcher.name not in series.labels | {"__name__"}:
                self.say(f"{name!r} has no label {matcher.name!r}", one_of(series.labels), matcher.name)
            elif matcher.name == "le":
                self._bound(name, series, matcher)
        self._values(name, matchers)
        self._kind(name, series, inside)
        return series.labels

    def _kind(self, name: str, series: Series, inside: str) -> None:
        if inside in _RATES and series.kind != "counter":
            self.say(f"{inside}() of {name!r}, which is no counter", "the gauge or the recording itself", name)
        if series.kind == "counter" and not self.counters and inside not in _TAKE_COUNTERS:
            said = f"the counter {name!r} is read as it is, though it starts again at 0"
            self.say(said, "rate() or increase() of it, and only then a sum", name)

    def _unknown(self, name: str) -> None:
        if name in self.declared.forgotten:
            self.say(f"{name!r} is {self.declared.forgotten[name]}", "it there, so that it can be read", name)
            return
        self.say(f"{name!r} is declared nowhere", f"{self.declared.where}{self.declared.like(name)}", name)

    def _several(self, matchers: Any) -> Labels | None:
        """A selector that names no metric, or several by a regular expression."""
        patterns = [re.compile(matcher.value) for matcher in matchers if matcher.name == "__name__"]
        names = [name for name in self.declared.series if all(pattern.fullmatch(name) for pattern in patterns)]
        if patterns and not names:
            self.say(f"no declared name matches {patterns[0].pattern!r}", "names of the catalogue", patterns[0].pattern)
            return None
        return frozenset().union(*(self.declared.series[name].labels for name in names), {"__name__"})

    def _bound(self, name: str, series: Series, matcher: Any) -> None:
        if self.samples or not series.bounds or not matcher.value or "Not" in str(matcher.op):
            return
        written = {text for bound in (*series.bounds, math.inf) for text in _written(bound)}
        equal = _equals(matcher)
        if matcher.value in written if equal else any(re.fullmatch(matcher.value, text) for text in written):
            return
        bounds = ", ".join(f"{bound:g}" for bound in sorted(series.bounds))
        self.say(f"{name!r} has no bucket le={matcher.value!r}", f"one of {bounds}, +Inf", matcher.value)

    def _values(self, name: str, matchers: Any) -> None:
        services = [matcher for matcher in matchers if matcher.name == "service"]
        service = self.service if not services else services[0].value if _equals(services[0]) else ""
        known = self.declared.values(name, service)
        for matcher in matchers:
            values, given = known.get(matcher.name, ()), matcher.value
            if self.samples or not values or not given or "Not" in str(matcher.op) or given in values:
                continue
            if (_equals(matcher) and _ANY not in given) or not _hits(given, values):
                written = given.replace("\\", "\\\\")
                said = f"{name!r} never has {matcher.name}={given!r}"
                self.say(said, _some_of(values, given), f'"{written}"')

    def _window(self, node: Any, inside: str) -> None:
        name = node.vector_selector.name or ""
        series = self.declared.series.get(name)
        seconds = node.range.total_seconds()
        if series is None or series.recorded or inside not in _RATES or seconds >= _SAMPLES * self.scrape:
            return
        said = f"{inside}() over {seconds:g} s, where there may be {self.scrape:g} s between two scrapes"
        self.say(said, f"{_SAMPLES * self.scrape:g} s at least, or scrapes that are as frequent", name)

    def _subquery(self, node: Any, inside: str) -> Labels | None:
        if inside in _RATES:
            said = f"{inside}() of a subquery: where one of its series starts again at 0, the others are counted twice"
            self.say(said, f"the sum of {inside}(), not {inside}() of the sum", inside)
            return None
        return self.read(node.expr, inside)

    def _call(self, node: Any, inside: str) -> Labels | None:
        name, arguments = node.func.name, list(node.args)
        within = inside if name == _LAST else name
        read = [self.read(argument, within) for argument in arguments]
        vectors = [labels for labels in read if labels is not None]
        labels = vectors[0] if vectors else None
        if name == "histogram_quantile" and labels is not None:
            if "le" not in labels:
                self.say(
                    "histogram_quantile() of what has no label 'le'", "the rate of a histogram's buckets, by le", name
                )
            return labels - {"le"}
        if name in {"label_replace", "label_join"} and labels is not None:
            return labels | {arguments[1].val}
        return frozenset() if name == "vector" else labels

    def _aggregate(self, node: Any) -> Labels | None:
        inner = self.read(node.expr)
        if inner is None or str(node.op) in {"topk", "bottomk"}:
            return inner
        counted = frozenset({node.param.val}) if str(node.op) == "count_values" else frozenset()
        if node.modifier is None:
            return counted
        named: Labels = frozenset(node.modifier.labels)
        for label in sorted(named - inner - {"__name__"}):
            self.say(f"{node.op} by or without {label!r}, which is not there", one_of(inner), label)
        return counted | (named if node.modifier.type == promql.AggModifierType.By else inner - named)

    def _binary(self, node: Any) -> Labels | None:
        inside = "-" if _grown(node) else ""
        left, right = self.read(node.lhs, inside), self.read(node.rhs, inside)
        if left is None or right is None:
            return right if left is None else left
        operator, modifier = str(node.op), node.modifier
        matching = modifier.matching if modifier else None
        if operator == "or":
            return left | right
        if matching is None:
            self._same(operator, left, right)
            return left
        named: Labels = frozenset(matching.labels)
        on = matching.type == promql.LabelModifierType.Include
        if on:
            for label in sorted(named - (left & right)):
                expected = one_of(left & right)
                self.say(f"on {label!r}, which is not on both sides of {operator!r}", expected, label)
        else:
            self._same(operator, left - named, right - named)
        return self._matched(modifier, operator, left, right, named if on else left - named)

    def _same(self, operator: str, left: Labels, right: Labels) -> None:
        if left != right:
            sides = f"{sorted(left)} on its left and {sorted(right)} on its right"
            self.say(f"{operator!r} has {sides}: nothing will match", "the same labels, or on (...)", operator)

    def _matched(self, modifier: Any, operator: str, left: Labels, right: Labels, one: Labels) -> Labels:
        brought: Labels = frozenset(modifier.group_labels or ())
        if operator in _SETS:
            return left
        if modifier.card == promql.VectorMatchCardinality.ManyToOne:
            return left | self._brought(brought, right)
        if modifier.card == promql.VectorMatchCardinality.OneToMany:
            return right | self._brought(brought, left)
        return one

    def _brought(self, labels: Labels, side: Labels) -> Labels:
        for label in sorted(labels - side):
            self.say(f"the label {label!r} is brought from a side that does not have it", one_of(side), label)
        return labels


def _equals(matcher: Any) -> bool:
    return str(matcher.op) == "MatchOp.Equal"


def _written(bound: float) -> tuple[str, ...]:
    """How exposers write a bound: with and without a fraction."""
    return ("+Inf",) if math.isinf(bound) else (f"{bound:g}", str(float(bound)))
