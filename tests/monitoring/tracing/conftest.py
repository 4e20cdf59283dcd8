"""Fixtures for tracing: a collector of the test's own, and tracing that ends with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from monitoring import Metrics
from monitoring.tracing import setup
from tests.monitoring.tracing.collectors import Collector, collecting


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A local HTTP server that stands for a collector."""
    with collecting() as collector:
        yield collector


@pytest.fixture
def registry() -> CollectorRegistry:
    """Where tracing counts its spans."""
    return CollectorRegistry()


@pytest.fixture
def tracing(collector: Collector, registry: CollectorRegistry) -> Iterator[Callable[..., Any]]:
    """`tracing(sample=1.0)` sends to the collector until the test ends."""
    made: list[Any] = []

    def start(sample: float = 1.0, endpoint: str = "") -> Any:
        metrics = Metrics(registry, {"service": "shop", "version": "1.2"})
        one = setup("shop", "1.2", endpoint=endpoint or collector.url, sample=sample, metrics=metrics, instance="i-1")
        made.append(one)
        return one

    yield start
    collector.released.set()
    for one in made:
        one.close()
