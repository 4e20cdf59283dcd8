"""A user's metric that counts: its children by the values of its labels, of which there are at most so many."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from itertools import product
from threading import Lock
from typing import Any, Generic, TypeVar

import prometheus_client as prom
from prometheus_client.metrics import MetricWrapperBase

from monitoring.catalogue.declaration import Declaration

OTHER = "other"
"""The value under which everything is counted that a label has no room for."""

C = TypeVar("C", bound=MetricWrapperBase)
Key = tuple[object, ...]


class Live(Generic[C]):
    """What all three kinds have: `labels` gives the child to count on, without a look-up in prometheus_client."""

    def __init__(self, declaration: Declaration, parent: C, limit: int, dropped: Callable[[str], prom.Counter]) -> None:
        self.declaration = declaration
        self.parent = parent
        self.limit = limit
        self._labels = declaration.labels
        self._children: dict[Key, C] = {}
        self._lock = Lock()
        self._seen: tuple[set[str], ...] = tuple({OTHER} for _ in self._labels)
        self._dropped = {label: dropped(label) for label in self._labels}
        for label, seen in zip(self._labels, self._seen, strict=True):
            seen.update(declaration.known.get(label, ()))
        if self._labels and all(declaration.known.get(label) for label in self._labels):
            for values in product(*(declaration.known[label] for label in self._labels)):
                self._admit(values)

    def labels(self, *values: object, **named: object) -> C:
        """The child for these values, in the order of the labels or by their names; `other` where there are too many.

        Only what was admitted is remembered here: what a label has no room for costs more, and no memory.
        """
        try:
            return self._children[tuple([named[label] for label in self._labels]) if named else values]
        except (KeyError, TypeError):  # new, no text, or not what the metric takes
            return self._admit(self._ordered(values, named))

    def _ordered(self, values: Key, named: dict[str, object]) -> Key:
        if (
            (values and named)
            or (named and named.keys() != set(self._labels))
            or len(values or named) != len(self._labels)
        ):
            takes = f"the labels {', '.join(self._labels)}" if self._labels else "no labels"
            got = ", ".join([*map(repr, values), *(f"{name}={value!r}" for name, value in named.items())])
            raise ValueError(f"metric {self.declaration.metric.name!r} takes {takes}; got {got or 'nothing'}")
        return tuple(named[label] for label in self._labels) if named else values

    def _admit(self, values: Key) -> C:
        texts = tuple(_text(value) for value in values)
        with self._lock:
            shown = tuple(map(self._room, self._labels, self._seen, texts))
            child: C = self.parent.labels(*shown)
            if shown == texts:
                self._children[texts] = child
        return child

    def _room(self, label: str, seen: set[str], text: str) -> str:
        if text in seen:
            return text
        if len(seen) - 1 < self.limit:  # `other` itself takes no room
            seen.add(text)
            return text
        self._dropped[label].inc()
        return OTHER


def _text(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


class Counter(Live[prom.Counter]):
    """A user's counter: `inc()`, or `labels(...).inc()` where it has labels."""

    def __init__(
        self, declaration: Declaration, parent: prom.Counter, limit: int, dropped: Callable[[str], prom.Counter]
    ) -> None:
        super().__init__(declaration, parent, limit, dropped)
        # Bound once: a call costs what prometheus_client's own does.
        self.inc: Callable[..., None] = parent.inc


class Gauge(Live[prom.Gauge]):
    """A user's gauge: `set()`, `inc()`, `dec()`, or the same on `labels(...)`."""

    def __init__(
        self, declaration: Declaration, parent: prom.Gauge, limit: int, dropped: Callable[[str], prom.Counter]
    ) -> None:
        super().__init__(declaration, parent, limit, dropped)
        self.inc: Callable[..., None] = parent.inc
        self.dec: Callable[..., None] = parent.dec
        self.set: Callable[..., None] = parent.set


class Histogram(Live[prom.Histogram]):
    """A user's histogram: `observe()`, `with time():`, or the same on `labels(...)`."""

    def __init__(
        self, declaration: Declaration, parent: prom.Histogram, limit: int, dropped: Callable[[str], prom.Counter]
    ) -> None:
        super().__init__(declaration, parent, limit, dropped)
        self.observe: Callable[..., None] = parent.observe
        self.time: Callable[[], Any] = parent.time
