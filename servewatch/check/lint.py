"""A query against the declarations: names, labels, what may be rated, which sides can match."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import promql_parser as promql

from servewatch.check.declared import Declared
from servewatch.check.problem import Problem
from servewatch.check.sources import Query
from servewatch.check.texts import plain

Labels = frozenset[str]
Found = tuple[str, str]

_RATES = {"rate", "increase", "irate"}
_TAKE_COUNTERS = _RATES | {"resets", "changes", "absent", "absent_over_time", "present_over_time", "timestamp"}
_SETS = {"and", "unless", "or"}


def findings(query: Query, declared: Declared) -> list[Problem]:
    """Find what is wrong with one query."""
    if query.kind == "alert":
        return [] if query.text in declared.alerts else [_problem(query, *_no_alert(query.text, declared))]
    if query.kind == "variable" and not query.text:
        return []
    try:
        tree = promql.parse(plain(query.text))
    except ValueError as failed:
        return [_problem(query, f"this is not PromQL: {failed}", "a query that parses")]
    reader = _Reader(declared, counters=query.kind in {"series", "variable", "test"})
    labels = reader.read(tree)
    for label in sorted(query.shown):
        if labels is not None and label not in labels:
            reader.say(f"the text around it shows the label {label!r}, which its result does not have", _one_of(labels))
    return [_problem(query, found, expected) for found, expected in dict.fromkeys(reader.found)]


def _no_alert(name: str, declared: Declared) -> Found:
    if name in declared.forgotten:
        return f"{name!r} is {declared.forgotten[name]}", "it there, so that it is generated"
    return f"{name!r} is no alert", f"an alert of alerts/{declared.like(name)}"


def _unknown(name: str, declared: Declared) -> Found:
    if name in declared.forgotten:
        return f"{name!r} is {declared.forgotten[name]}", "it there, so that it can be read"
    expected = f"a metric of monitoring/catalogue or a recording of alerts/{declared.like(name)}"
    return f"{name!r} is declared nowhere", expected


def _problem(query: Query, found: str, expected: str) -> Problem:
    return Problem(query.file, query.place, query.text, found, expected)


def _one_of(labels: Iterable[str]) -> str:
    return f"one of {', '.join(sorted(labels)) or 'no labels'}"


class _Reader:
    """Walks an expression and answers which labels it carries; None where that cannot be known, or is a scalar."""

    def __init__(self, declared: Declared, counters: bool) -> None:
        self.declared = declared
        self.counters = counters
        self.found: list[Found] = []

    def say(self, found: str, expected: str) -> None:
        self.found.append((found, expected))

    def read(self, node: Any, inside: str = "") -> Labels | None:
        match node:
            case promql.VectorSelector():
                return self._selector(node, inside)
            case promql.MatrixSelector():
                return self._selector(node.vector_selector, inside)
            case promql.Call():
                return self._call(node)
            case promql.AggregateExpr():
                return self._aggregate(node)
            case promql.BinaryExpr():
                return self._binary(node)
            case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
                return self.read(node.expr, inside)
        return None

    def _selector(self, node: Any, inside: str) -> Labels | None:
        matchers = node.matchers.matchers
        name = node.name or next((matcher.value for matcher in matchers if matcher.name == "__name__"), "")
        series = self.declared.series.get(name)
        if series is None:
            self.say(*_unknown(name, self.declared))
            return None
        for matcher in matchers:
            if matcher.name not in series.labels | {"__name__"}:
                self.say(f"{name!r} has no label {matcher.name!r}", _one_of(series.labels))
        if inside in _RATES and series.kind != "counter":
            self.say(f"{inside}() of {name!r}, which is no counter", "the gauge or the recording itself")
        if series.kind == "counter" and not self.counters and inside not in _TAKE_COUNTERS:
            self.say(
                f"the counter {name!r} is read as it is, though it starts again at 0", "rate() or increase() of it"
            )
        return series.labels

    def _call(self, node: Any) -> Labels | None:
        name, arguments = node.func.name, list(node.args)
        read = [self.read(argument, name) for argument in arguments]
        vectors = [labels for labels in read if labels is not None]
        labels = vectors[0] if vectors else None
        if name == "histogram_quantile" and labels is not None:
            if "le" not in labels:
                self.say("histogram_quantile() of what has no label 'le'", "the rate of a histogram's buckets, by le")
            return labels - {"le"}
        if name in {"label_replace", "label_join"} and labels is not None:
            return labels | {arguments[1].val}
        return frozenset() if name == "vector" else labels

    def _aggregate(self, node: Any) -> Labels | None:
        inner = self.read(node.expr)
        if inner is None or str(node.op) in {"topk", "bottomk"}:
            return inner
        if node.modifier is None:
            return frozenset()
        named: Labels = frozenset(node.modifier.labels)
        for label in sorted(named - inner):
            self.say(f"{node.op} by or without {label!r}, which is not there", _one_of(inner))
        return named if node.modifier.type == promql.AggModifierType.By else inner - named

    def _binary(self, node: Any) -> Labels | None:
        left, right = self.read(node.lhs), self.read(node.rhs)
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
                self.say(f"on {label!r}, which is not on both sides of {operator!r}", _one_of(left & right))
        else:
            self._same(operator, left - named, right - named)
        return self._matched(modifier, operator, left, right, named if on else left - named)

    def _same(self, operator: str, left: Labels, right: Labels) -> None:
        if left != right:
            sides = f"{sorted(left)} on its left and {sorted(right)} on its right"
            self.say(f"{operator!r} has {sides}: nothing will match", "the same labels, or on (...)")

    def _matched(self, modifier: Any, operator: str, left: Labels, right: Labels, one: Labels) -> Labels:
        if operator in _SETS or modifier.card == promql.VectorMatchCardinality.ManyToOne:
            return left | frozenset(modifier.group_labels or ())
        if modifier.card == promql.VectorMatchCardinality.OneToMany:
            return right | frozenset(modifier.group_labels or ())
        return one
