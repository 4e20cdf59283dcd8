"""Arithmetic on series, written as formulas: sides that carry other labels are joined as their labels say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.promql import Expr, Match, QueryInvalid, Source, aggregate, over_time, select


@dataclass(frozen=True, slots=True)
class Vector:
    """A query and the labels of its result, that can be added, divided and compared like a number.

    Where one side has labels that the other lacks, each of its series meets the one that has the labels in common.
    """

    text: str
    labels: frozenset[str]
    tight: bool = True
    """Whether it can stand beside an operator without parentheses."""

    def __str__(self) -> str:
        return self.text if self.tight else f"({self.text})"

    def __add__(self, other: Vector | float) -> Vector:
        return _meet(self, "+", other)

    def __radd__(self, other: float) -> Vector:
        return _meet(other, "+", self)

    def __sub__(self, other: Vector | float) -> Vector:
        return _meet(self, "-", other)

    def __rsub__(self, other: float) -> Vector:
        return _meet(other, "-", self)

    def __mul__(self, other: Vector | float) -> Vector:
        return _meet(self, "*", other)

    def __rmul__(self, other: float) -> Vector:
        return _meet(other, "*", self)

    def __truediv__(self, other: Vector | float) -> Vector:
        return _meet(self, "/", other)

    def __rtruediv__(self, other: float) -> Vector:
        return _meet(other, "/", self)

    def __pow__(self, other: float) -> Vector:
        return _meet(self, "^", other)

    def __gt__(self, other: Vector | float) -> Vector:
        return _meet(self, ">", other)

    def __lt__(self, other: Vector | float) -> Vector:
        return _meet(self, "<", other)

    def __ge__(self, other: Vector | float) -> Vector:
        return _meet(self, ">=", other)

    def same(self, other: Vector | float) -> Vector:
        """Keep what is equal to the other side."""
        return _meet(self, "==", other)

    def __and__(self, other: Vector) -> Vector:
        return _among(self, "and", other)

    def unless(self, other: Vector) -> Vector:
        """Keep what the other side does not have."""
        return _among(self, "unless", other)

    def __or__(self, other: Vector) -> Vector:
        if self.labels != other.labels:
            raise QueryInvalid(f"{self} or {other}: one has {_list(self.labels)}, the other {_list(other.labels)}")
        return Vector(f"{self.text} or {other.text}", self.labels, tight=False)

    @property
    def expr(self) -> Expr:
        """The whole as a query of a recording, an alert or a panel."""
        return Expr(self.text, self.labels)


def of(source: Source, /, **matchers: str | Match) -> Vector:
    """The series of a metric or of a recording."""
    return vector(select(source, **matchers))


def vector(expr: Expr) -> Vector:
    """A selector or the call of a function, as part of a formula."""
    return Vector(str(expr), expr.labels)


def over(function: str, source: Source, window: str, offset: str = "", /, **matchers: str | Match) -> Vector:
    """A function over a window, which ends `offset` before now."""
    made = over_time(function, source, window, **matchers)
    return ago(made, offset) if offset else vector(made)


def ago(made: Expr, offset: str) -> Vector:
    """The same function over a range that ends so long before now."""
    return Vector(f"{str(made)[:-1]} offset {offset})", made.labels)


def before(source: Source, offset: str, /, **matchers: str | Match) -> Vector:
    """What the series was so long ago."""
    made = select(source, **matchers)
    return Vector(f"{made} offset {offset}", made.labels)


def by(how: str, labels: Iterable[str], inner: Vector) -> Vector:
    """Aggregate with sum, max, min or count, keeping these labels."""
    return vector(aggregate(how, labels, inner.expr))


def call(function: str, inner: Vector, *numbers: float) -> Vector:
    """Apply a function to each value: ln, log2, sqrt, abs, clamp_min or clamp_max."""
    return Vector(f"{function}({', '.join([inner.text, *map(_number, numbers)])})", inner.labels)


def larger(one: Vector, other: Vector) -> Vector:
    """The larger of two, or the one that is there."""
    return (one > other) | other | one


def _meet(left: Vector | float, operator: str, right: Vector | float) -> Vector:
    if not isinstance(left, Vector) or not isinstance(right, Vector):
        (known,) = (side for side in (left, right) if isinstance(side, Vector))
        return Vector(f"{_number(left)} {operator} {_number(right)}", known.labels, tight=False)
    if left.labels == right.labels:
        return Vector(f"{left} {operator} {right}", left.labels, tight=False)
    if right.labels < left.labels:
        return Vector(f"{left} {operator} on ({_list(right.labels)}) group_left () {right}", left.labels, tight=False)
    if left.labels < right.labels:
        return Vector(f"{left} {operator} on ({_list(left.labels)}) group_right () {right}", right.labels, tight=False)
    raise QueryInvalid(f"{left} {operator} {right}: by {_list(left.labels)} and by {_list(right.labels)} do not meet")


def _among(left: Vector, operator: str, right: Vector) -> Vector:
    shared = left.labels & right.labels
    if not shared and left.labels:
        raise QueryInvalid(f"{left} {operator} {right}: by {_list(left.labels)} and by {_list(right.labels)}")
    on = "" if left.labels == right.labels else f" on ({_list(shared)})"
    return Vector(f"{left} {operator}{on} {right}", left.labels, tight=False)


def _number(side: Vector | float) -> str:
    return str(side) if isinstance(side, Vector) else f"{side:.12g}"


def _list(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels))
