from __future__ import annotations

import math

import prometheus_client as prom
import pytest
from prometheus_client import CollectorRegistry

from monitoring import Metric, Metrics, register
from monitoring.catalogue import OWN, requests


def test_a_child_is_exposed_at_zero_from_the_moment_it_is_asked_for() -> None:
    """Series that can be known are there at 0 before anything happens."""
    registry = CollectorRegistry()
    Metrics(registry, {"service": "s", "version": "1"}).counter(requests.TOTAL, endpoint="e", code="200")
    labels = {"service": "s", "version": "1", "endpoint": "e", "code": "200"}
    assert registry.get_sample_value("servewatch_requests_total", labels) == 0


def test_every_declaration_makes_a_live_object_with_its_name_labels_and_buckets() -> None:
    """What the catalogue says is what a scrape shows, for each metric of ours."""
    for metric in OWN:
        registry = CollectorRegistry()
        live = register(metric, registry)
        live.labels(*("x" for _ in metric.labels))
        samples = [s for family in registry.collect() for s in family.samples]
        names = {s.name for s in samples if not s.name.endswith("_created")}
        assert names == set(metric.series)
        for sample in samples:
            if sample.name in metric.series:
                assert frozenset(sample.labels) == metric.series[sample.name]
        if metric.buckets:
            bounds = [float(s.labels["le"]) for s in samples if s.name == metric.bucket]
            assert bounds[:-1] == list(metric.buckets)


def test_registering_twice_gives_the_same_object_and_another_declaration_is_refused() -> None:
    """One name is one declaration in a registry."""
    registry = CollectorRegistry()
    metric = Metric("a_total", "counter", "a", "requests")
    assert register(metric, registry) is register(metric, registry)
    with pytest.raises(ValueError, match="declared twice"):
        register(Metric("a_total", "counter", "b", "requests"), registry)


def test_wrong_labels_and_kinds_name_the_metric_and_what_it_takes() -> None:
    """The error says which metric, which labels it takes and which it got."""
    metrics = Metrics(CollectorRegistry(), {"service": "s", "version": "1"})
    with pytest.raises(ValueError, match=r"servewatch_requests_total.*'code'.*got \['endpoint'"):
        metrics.counter(requests.TOTAL, endpoint="e")
    with pytest.raises(TypeError, match="is a counter, not a gauge"):
        metrics.gauge(requests.TOTAL, endpoint="e", code="200")


def test_a_histogram_is_what_prometheus_clients_is() -> None:
    """One by one and many at once, on a bound, between, above all, and what is no number: the same buckets and sum."""
    amounts = [0.0, 0.1, 0.10001, 1.0, 7.0, math.inf, -1.0]
    registry = CollectorRegistry()
    theirs = prom.Histogram("theirs", "t", ["service"], registry=registry, buckets=(0.1, 1.0)).labels("s")
    metric = Metric("ours_seconds", "histogram", "Ours.", "requests", labels=("service",), buckets=(0.1, 1.0))
    live = Metrics(registry, {"service": "s"}).histogram(metric)
    for amount in [*amounts, *amounts, math.nan]:
        theirs.observe(amount)
    for amount in [*amounts, math.nan]:
        live.observe(amount)
    live.observe_all(amounts)
    live.observe_all([])
    for part, labels in (
        ("bucket", {"le": "0.1"}),
        ("bucket", {"le": "1.0"}),
        ("bucket", {"le": "+Inf"}),
        ("count", {}),
    ):
        ours = registry.get_sample_value(f"ours_seconds_{part}", {"service": "s", **labels})
        assert ours == registry.get_sample_value(f"theirs_{part}", {"service": "s", **labels})
        assert ours
    live.observe(0.5, {"trace_id": "abc"})
    (exemplar,) = [s.exemplar for m in registry.collect() for s in m.samples if s.exemplar]
    assert exemplar.labels == {"trace_id": "abc"}
    with pytest.raises(ValueError, match="label"):
        register(metric, registry).observe(1.0)
