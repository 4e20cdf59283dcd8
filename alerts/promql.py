"""PromQL from declarations: text that cannot name a label that its metric lacks, nor rate what is no counter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from monitoring.catalogue import Metric

TARGET_LABELS = frozenset({"job", "instance"})
"""What Prometheus adds to every series that it scrapes."""


class QueryInvalid(ValueError):
    """A query was declared that could never give what it promises."""


class Source(Protocol):
    """What a selector can name: a metric of the catalogue, or a recording."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def series(self) -> dict[str, frozenset[str]]: ...


@dataclass(frozen=True, slots=True)
class Match:
    """How a label is compared: `Match("=~", "5..")`. A plain string means equal."""

    op: str
    value: str


class Expr(str):
    """PromQL text that knows which labels its result carries."""

    labels: frozenset[str]

    def __new__(cls, text: str, labels: Iterable[str] = ()) -> Expr:
        made = super().__new__(cls, text)
        made.labels = frozenset(labels)
        return made


def like(regex: str) -> Match:
    """Match a label against a regular expression, anchored at both ends."""
    return Match("=~", regex)


def select(source: Source, /, **matchers: str | Match) -> Expr:
    """Select the series of a metric (not a histogram) or of a recording."""
    if source.kind == "histogram":
        raise QueryInvalid(f"{source.name!r} is a histogram and has no series of its own: use quantile() or mean()")
    return _selector(source, source.name, matchers)


def rate(source: Source, window: str, /, **matchers: str | Match) -> Expr:
    """Give the increase of a counter per second."""
    return _over("rate", source, window, matchers)


def increase(source: Source, window: str, /, **matchers: str | Match) -> Expr:
    """Give the increase of a counter over the window."""
    return _over("increase", source, window, matchers)


def resets(source: Source, window: str, /, **matchers: str | Match) -> Expr:
    """Give how often a counter started again in the window."""
    return _over("resets", source, window, matchers)


def over_time(function: str, source: Source, window: str, /, **matchers: str | Match) -> Expr:
    """Apply max, min, avg, sum, last or changes of a gauge or recording over the window; last of a counter, too."""
    if source.kind != "gauge" and (source.kind, function) != ("counter", "last"):
        raise QueryInvalid(f"{function} over time of {source.name!r}, which is a {source.kind}: it takes a gauge")
    selected = select(source, **matchers)
    name = function if function == "changes" else f"{function}_over_time"
    return Expr(f"{name}({selected}[{window}])", selected.labels)


def aggregate(how: str, by: Iterable[str], inner: Expr) -> Expr:
    """Aggregate with sum, max, min or count, keeping the labels of `by`."""
    kept = tuple(by)
    for label in kept:
        if label not in inner.labels:
            raise QueryInvalid(f"{how} by {label!r} of {inner!r}, which has the labels {_list(inner.labels)}")
    by_clause = f" by ({', '.join(kept)})" if kept else ""
    return Expr(f"{how}{by_clause} ({inner})", kept)


def total(by: Iterable[str], inner: Expr) -> Expr:
    """Sum, keeping the labels of `by`."""
    return aggregate("sum", by, inner)


def bucket_rate(source: Metric, window: str, by: Iterable[str], /, **matchers: str | Match) -> Expr:
    """Give the rate of a histogram's buckets, summed but for `by` and `le`."""
    return total((*by, "le"), _part("bucket", source, window, matchers))


def quantile(level: float, buckets: Expr) -> Expr:
    """Give a quantile of bucket rates; where nothing was observed there is no result, rather than NaN."""
    if "le" not in buckets.labels:
        raise QueryInvalid(f"a quantile of {buckets!r}, which has no label 'le': give the rate of buckets")
    if not 0 < level < 1:
        raise QueryInvalid(f"quantile {level} of {buckets!r}: a quantile is between 0 and 1")
    return Expr(f"histogram_quantile({level:g}, {buckets}) >= 0", buckets.labels - {"le"})


def mean(source: Metric, window: str, by: Iterable[str], /, **matchers: str | Match) -> Expr:
    """Give the mean of what a histogram observed; where it observed nothing there is no result."""
    kept = tuple(by)
    observed = total(kept, _part("count", source, window, matchers))
    return ratio(total(kept, _part("sum", source, window, matchers)), observed)


def ratio(part: Expr, whole: Expr) -> Expr:
    """Divide, with no result (rather than NaN) where the whole is nothing."""
    if part.labels != whole.labels:
        raise QueryInvalid(f"a ratio of {part!r} by {_list(part.labels)} and {whole!r} by {_list(whole.labels)}")
    return Expr(f"{part} / ({whole} > 0)", part.labels)


def or_zero(part: Expr, whole: Expr) -> Expr:
    """Give 0 for what is in the whole and has no part."""
    return Expr(f"({part} or 0 * {whole})", part.labels)


def _over(function: str, source: Source, window: str, matchers: dict[str, str | Match]) -> Expr:
    if source.kind != "counter":
        raise QueryInvalid(f"{function}() of {source.name!r}, which is a {source.kind}: it takes a counter")
    selected = _selector(source, source.name, matchers)
    return Expr(f"{function}({selected}[{window}])", selected.labels)


def _part(part: str, source: Metric, window: str, matchers: dict[str, str | Match]) -> Expr:
    if source.kind != "histogram":
        raise QueryInvalid(f"the {part} of {source.name!r}, which is a {source.kind}: only histograms have one")
    selected = _selector(source, f"{source.name}_{part}", matchers)
    return Expr(f"rate({selected}[{window}])", selected.labels)


def _selector(source: Source, name: str, matchers: dict[str, str | Match]) -> Expr:
    labels = source.series[name]
    if isinstance(source, Metric):
        labels |= TARGET_LABELS
    for label in matchers:
        if label not in labels:
            raise QueryInvalid(f"{name!r} has no label {label!r}: it has {_list(labels)}")
    compared = ",".join(_compare(label, match) for label, match in matchers.items())
    return Expr(f"{name}{{{compared}}}" if compared else name, labels)


def _compare(label: str, match: str | Match) -> str:
    wanted = Match("=", match) if isinstance(match, str) else match
    escaped = wanted.value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{label}{wanted.op}"{escaped}"'


def _list(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels)) or "no labels"
