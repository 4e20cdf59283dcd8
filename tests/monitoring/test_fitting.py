from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import counted, in_progress, observed, timed

REGISTRY = CollectorRegistry()
PLAIN = Counter("plain", "Calls.", registry=REGISTRY)
LABELLED = Counter("labelled", "Calls.", ["kind"], registry=REGISTRY)
LEVEL = Gauge("level", "Calls.", registry=REGISTRY)
SECONDS = Histogram("seconds", "Seconds.", registry=REGISTRY)
BY_KIND = Histogram("by_kind", "Seconds.", ["kind"], registry=REGISTRY)


def kind(result: object, *args: object) -> str:
    return "a"


@pytest.mark.parametrize(
    ("decorate", "said"),
    [
        (lambda: counted(LABELLED), r"counted\(\) of labelled, which has the labels kind: give label="),
        (lambda: counted(LABELLED, errors=ValueError), "which has the labels kind"),
        (lambda: counted(LABELLED, errors=ValueError, label="exception"), "which has the labels kind: it takes one"),
        (lambda: counted(PLAIN, errors=ValueError, label="exception"), "which has no labels: it takes one"),
        (lambda: counted(PLAIN, label=kind), "which has no labels: leave label= out"),
        (lambda: timed(BY_KIND), "which has the labels kind"),
        (lambda: observed(BY_KIND), "which has the labels kind"),
    ],
)
def test_labels_that_do_not_fit_are_refused_when_it_decorates(decorate: Callable[[], Any], said: str) -> None:
    """Each call would fail else, which is a request's error."""
    with pytest.raises(ValueError, match=said):
        decorate()


@pytest.mark.parametrize(
    ("decorate", "said"),
    [
        (lambda: counted(SECONDS), r"counted\(\) takes a counter, got the histogram seconds"),
        (lambda: counted(LEVEL), "got the gauge level"),
        (lambda: counted(kind), "takes a counter, got <function kind"),  # type: ignore[arg-type]
        (lambda: counted("x"), "takes a counter, got 'x'"),  # type: ignore[arg-type]
        (lambda: timed(PLAIN), "takes a histogram or a summary, got the counter plain"),  # type: ignore[arg-type]
        (lambda: in_progress(PLAIN), "takes a gauge, got the counter plain"),  # type: ignore[arg-type]
        (lambda: counted(PLAIN)(int), "decorate its methods"),
    ],
)
def test_metrics_of_another_kind_are_refused(decorate: Callable[[], Any], said: str) -> None:
    """The error names the decorator, what it takes and what it was given."""
    with pytest.raises(TypeError, match=said):
        decorate()


def test_children_are_taken_as_they_are() -> None:
    """The child of a labelled counter has no label to give any more."""

    @counted(LABELLED.labels("b"))
    def call() -> None:
        pass

    call()
    assert REGISTRY.get_sample_value("labelled_total", {"kind": "b"}) == 1


def test_a_result_without_a_number_breaks_no_call(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged once, and what has a number is observed."""

    @observed(SECONDS)
    def plain(result: object) -> object:
        return result

    @observed(BY_KIND, label=kind)
    def by_kind(result: object) -> object:
        return result

    for call in (plain, by_kind):
        assert [call("ten"), call("eleven"), call(12)] == ["ten", "eleven", 12]
    assert REGISTRY.get_sample_value("seconds_sum") == 12
    assert REGISTRY.get_sample_value("by_kind_sum", {"kind": "a"}) == 12
    assert [record.getMessage().partition(" by ")[0] for record in caplog.records] == [
        "no number can be made of a result"
    ] * 2
