"""A decorator looks at its metric when it decorates: what does not fit would fail in each call that it measures."""

from __future__ import annotations

from typing import Any

from prometheus_client.metrics import MetricWrapperBase

DOES = {"counter": "inc", "gauge": "inc", "histogram": "observe", "summary": "observe"}
"""What a metric of each kind has, by which others that look like it are known."""


def fit(decorator: str, metric: Any, *kinds: str) -> None:
    """Refuse a metric that is of none of these kinds."""
    known = kind(metric)
    like = hasattr(metric, "labels") or hasattr(metric, DOES[kinds[0]])
    if known not in kinds if known else not like:
        got = f"the {known} {name(metric)}" if known else repr(metric)
        raise TypeError(f"{decorator}() takes a {' or a '.join(kinds)}, got {got}")


def labelled(decorator: str, metric: Any, given: bool) -> None:
    """Refuse a metric with labels that nobody gives, and labels for one that has none."""
    labels = names(metric)
    if labels and not given:
        has = f"{name(metric)}, which has the labels {', '.join(labels)}"
        raise ValueError(f"{decorator}() of {has}: give label=, a function of the call's result and its arguments")
    if labels == () and given:
        raise ValueError(f"{decorator}(label=...) of {name(metric)}, which has no labels: leave label= out")


def by_class(metric: Any, label: str) -> None:
    """Refuse a label for the class of an error that is not the metric's one label."""
    labels = names(metric)
    if labels is not None and labels != (label,):
        has = f"the labels {', '.join(labels)}" if labels else "no labels"
        raise ValueError(
            f"counted(label={label!r}) of {name(metric)}, which has {has}: it takes one with that label alone"
        )


def kind(metric: Any) -> str:
    """What kind of metric it is; empty where it is none of prometheus_client's nor ours."""
    found = _wrapped(metric)
    return str(found._type) if found is not None else ""


def names(metric: Any) -> tuple[str, ...] | None:
    """The labels that have no values yet; None where that cannot be known."""
    found = _wrapped(metric)
    if found is None:
        return None
    return () if found._labelvalues else tuple(found._labelnames)


def name(metric: Any) -> str:
    """What a message calls it."""
    declared, found = getattr(metric, "declaration", None), _wrapped(metric)
    if declared is not None:
        return str(declared.metric.name)
    return repr(metric) if found is None else str(found._name)


def _wrapped(metric: Any) -> MetricWrapperBase | None:
    """prometheus_client's own, which those of ours have as their parent."""
    found = getattr(metric, "parent", metric)
    return found if isinstance(found, MetricWrapperBase) else None
