"""monitoring/own/declarations.py: what may be declared, and where it is shown."""

from __future__ import annotations

import importlib
from typing import Any

import prometheus_client as prom
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitoring import merge
from monitoring.own import DeclarationInvalid, Declarations, Panel


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def own(registry: CollectorRegistry) -> Declarations:
    return Declarations(registry)


def test_names_are_exported_exactly_as_declared(own: Declarations, registry: CollectorRegistry) -> None:
    """The page has the name, the help and the buckets that were written, and nothing added to the name."""
    own.counter("orders_total", "Orders taken.")
    own.histogram("pick_seconds", "Picking.", buckets=(1, 2))
    text = generate_latest(registry).decode()
    assert "# HELP orders_total Orders taken.\n" in text
    assert "\norders_total 0.0\n" in text
    assert 'pick_seconds_bucket{le="2.0"} 0.0' in text


def test_each_registry_shows_the_same_counts_with_labels_of_its_own(own: Declarations) -> None:
    """What is declared before and after is shown, with the service of that registry; counts from before count."""
    one, other = CollectorRegistry(), CollectorRegistry()
    first = own.counter("first_total", "First.", labels=("kind",))
    first.labels("a").inc()
    own.expose(one, {"service": "shop", "version": "1"})
    own.expose(other, {"service": "store", "version": "2"})
    own.counter("second_total", "Second.").inc()
    for registry, service, version in ((one, "shop", "1"), (other, "store", "2")):
        named = {"service": service, "version": version}
        assert registry.get_sample_value("first_total", {"kind": "a", **named}) == 1
        assert registry.get_sample_value("second_total", named) == 1


def test_a_process_that_is_not_ours_shows_them_without_a_service(
    own: Declarations, registry: CollectorRegistry
) -> None:
    """Until somebody names the service, the first registry has the metric as it was declared; then with the name."""
    orders = own.counter("orders_total", "Orders.")
    orders.inc()
    assert registry.get_sample_value("orders_total") == 1
    own.expose(registry, {"service": "shop", "version": "1"})
    assert registry.get_sample_value("orders_total", {"service": "shop", "version": "1"}) == 1
    assert registry.get_sample_value("orders_total") is None


def test_declared_again_the_same_is_the_same_and_another_is_refused(own: Declarations) -> None:
    """A module that is imported twice goes on counting; two meanings of a name are an error."""
    orders = own.counter("orders_total", "Orders.", labels=("kind",))
    assert own.counter("orders_total", "Orders.", labels=("kind",)) is orders
    with pytest.raises(DeclarationInvalid, match="declared twice"):
        own.counter("orders_total", "Orders of books.", labels=("kind",))
    with pytest.raises(DeclarationInvalid, match="declared twice"):
        own.counter("orders_total", "Orders.", labels=("kind",), limit=7)


def test_a_name_that_the_process_has_already_is_refused(own: Declarations, registry: CollectorRegistry) -> None:
    """Neither prometheus_client's own metrics nor ours can be hidden by another of the same name, nor hide it."""
    prom.Counter("orders_total", "Orders.", registry=registry)
    with pytest.raises(ValueError, match="Duplicated"):
        own.counter("orders_total", "Orders.")
    assert own.all == ()
    own.gauge("level", "A level.")
    with pytest.raises(ValueError, match="Duplicated"):
        prom.Gauge("level", "Another.", registry=registry)


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("counter", {"name": "orders", "help": "h"}, "end in _total"),
        ("counter", {"name": "servewatch_orders_total", "help": "h"}, "those of servewatch itself"),
        ("gauge", {"name": "up", "help": "h"}, "there already"),
        ("gauge", {"name": "level", "help": " "}, "has no help"),
        ("gauge", {"name": "level", "help": "h", "labels": "kind"}, r"give a tuple, \('kind',\)"),
        ("gauge", {"name": "level", "help": "h", "labels": ("service",)}, "which others write"),
        ("gauge", {"name": "level", "help": "h", "labels": {"kind": "book"}}, "known values of 'kind': give a tuple"),
        ("gauge", {"name": "level", "help": "h", "labels": ("a-b",)}, "letters, digits and _"),
        ("gauge", {"name": "level", "help": "h", "labels": ("a", "a")}, "no label twice"),
        ("gauge", {"name": "level", "help": "h", "add": "avg"}, "one of sum, max, min"),
        ("gauge", {"name": "level", "help": "h", "limit": 0}, "1 value or more"),
        ("histogram", {"name": "h_seconds", "help": "h", "buckets": (2, 1)}, "out of order"),
        ("gauge", {"name": "level", "help": "h", "panel": Panel(kind="heatmap")}, "only histograms have one"),
    ],
)
def test_a_declaration_that_could_not_work_is_refused(
    own: Declarations, kind: str, given: dict[str, Any], message: str
) -> None:
    """Each fault is told where it is written, with what is accepted, and leaves nothing behind."""
    with pytest.raises(ValueError, match=message):
        getattr(own, kind)(**given)
    assert own.all == ()


def test_gauges_of_several_processes_are_added_as_declared() -> None:
    """Two processes' pages become one: counters are summed, and a gauge with add=max is the larger."""
    pages = []
    for level in (3, 5):
        registry = CollectorRegistry()
        own = Declarations(registry)
        own.expose(registry, {"service": "shop", "version": "1"})
        own.counter("orders_total", "Orders.").inc(level)
        own.gauge("largest", "Largest.", add="max").set(level)
        own.gauge("open_baskets", "Open.").set(level)
        pages.append(merge.snapshot(registry))
    values = {sample.name: sample.value for family in merge.merge(pages) for sample in family.samples}
    assert (values["orders_total"], values["largest"], values["open_baskets"]) == (8, 5, 8)


def test_the_processs_own_declarations_are_reached_through_the_package() -> None:
    """`from monitoring import own` declares in the one set that services are generated from."""
    own = importlib.import_module("monitoring.own")
    made = own.counter("tests_of_declarations_total", "Used by this test alone.")
    assert made.declaration in own.DECLARED.all
