"""What a registry's pages show as text: the many series of one array, which as objects would cost too much."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Protocol
from weakref import WeakKeyDictionary

from prometheus_client.metrics_core import Metric as LiveFamily
from prometheus_client.registry import CollectorRegistry

from monitoring.catalogue import Metric

Section = tuple[Metric, str]
"""One metric, and its samples as lines of text."""


class Beside(Protocol):
    """A collector of prometheus_client's that can do better."""

    def sections(self) -> list[Section]:
        """What belongs on /metrics."""

    def reference(self) -> list[Section]:
        """What belongs on /metrics/reference."""

    def aside(self) -> AbstractContextManager[None]:
        """While this thread makes a page that has the text, the registry is to leave the objects out."""

    def alone(self) -> AbstractContextManager[None]:
        """While this thread reads what its process counted, the registry leaves out what several count together."""

    def together(self) -> Iterable[LiveFamily]:
        """What several processes count together, as objects: each of them shows the whole."""

    def collect(self) -> Iterable[LiveFamily]:
        """The same as objects, for pages that are not ours."""


_BESIDE: WeakKeyDictionary[CollectorRegistry, Beside] = WeakKeyDictionary()


def beside(registry: CollectorRegistry) -> Beside | None:
    """What is shown beside this registry's own metrics, if there is anything."""
    return _BESIDE.get(registry)


def hang(made: Beside, registry: CollectorRegistry) -> None:
    """Show it on this registry's pages."""
    registry.register(made)
    _BESIDE[registry] = made
