"""monitoring/own/live.py: children by label, and how many of them there may be."""

from __future__ import annotations

import sys
from enum import Enum
from threading import Thread

import pytest
from prometheus_client import CollectorRegistry

from monitoring.own import Declarations

DROPPED = "servewatch_label_values_dropped_total"


class Kind(Enum):
    BOOK = "book"


class Seen:
    """Declarations of a test's own, and what their registry shows."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.own = Declarations(self.registry)

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(name, labels)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_a_child_is_found_by_place_and_by_name(seen: Seen) -> None:
    """Labels are given in their order or by name, in any order, and mean the same child."""
    orders = seen.own.counter("orders_total", "Orders.", labels=("kind", "shop"))
    orders.labels("book", "north").inc()
    orders.labels(shop="north", kind="book").inc(2)
    assert seen.value("orders_total", kind="book", shop="north") == 3
    assert orders.labels("book", "north") is orders.labels(shop="north", kind="book")


def test_a_value_that_is_no_text_is_counted_as_its_text(seen: Seen) -> None:
    """Numbers count under their digits, True is not 1, and an enumeration's member is its value."""
    orders = seen.own.counter("orders_total", "Orders.", labels=("kind",))
    for value in (1, True, Kind.BOOK, "book", ["a"], None):
        orders.labels(value).inc()
    counted = {kind: seen.value("orders_total", kind=kind) for kind in ("1", "True", "book", "['a']", "None")}
    assert counted == {"1": 1, "True": 1, "book": 2, "['a']": 1, "None": 1}


@pytest.mark.parametrize("given", [((), {}), (("a", "b"), {}), ((), {"other": "a"}), (("a",), {"kind": "a"})])
def test_wrong_labels_are_refused_with_those_that_are_taken(seen: Seen, given: tuple[tuple[str, ...], dict]) -> None:
    """Too few, too many, another name, and both ways at once each name the metric and its labels."""
    orders = seen.own.counter("orders_total", "Orders.", labels=("kind",))
    with pytest.raises(ValueError, match="'orders_total' takes the labels kind; got"):
        orders.labels(*given[0], **given[1])


def test_a_label_has_at_most_its_limit_of_values_and_then_other(seen: Seen) -> None:
    """What comes after the limit is counted as other, a counter says how often, and what was there goes on."""
    orders = seen.own.counter("orders_total", "Orders.", labels=("kind", "shop"), limit=3)
    for at in range(10):
        orders.labels(f"k{at}", "north").inc()
    orders.labels("k0", "south").inc()
    assert seen.value("orders_total", kind="k2", shop="north") == 1
    assert seen.value("orders_total", kind="k3", shop="north") is None
    assert seen.value("orders_total", kind="other", shop="north") == 7
    assert seen.value("orders_total", kind="k0", shop="south") == 1
    assert seen.value(DROPPED, metric="orders_total", label="kind") == 7
    assert seen.value(DROPPED, metric="orders_total", label="shop") == 0


def test_the_usual_limit_is_a_hundred_and_values_without_room_take_no_memory(seen: Seen) -> None:
    """A thousand values of a label are a hundred children and `other`, in what is exposed and in what is kept."""
    orders = seen.own.counter("orders_total", "Orders.", labels=("id",))
    for at in range(1000):
        orders.labels(str(at)).inc()
    held = sys.getsizeof(orders._children)
    for at in range(1000, 5000):
        orders.labels(str(at)).inc()
    assert sys.getsizeof(orders._children) == held
    (family,) = [family for family in seen.registry.collect() if family.name == "orders"]
    assert len([sample for sample in family.samples if sample.name == "orders_total"]) == 101
    assert seen.value("orders_total", id="other") == 4900


def test_known_values_are_there_at_0_and_have_room_in_any_case(seen: Seen) -> None:
    """Every combination of known values is exposed before anything counts, and is not pushed out by strangers."""
    known = {"kind": ("book", "disc"), "ok": ("yes", "no")}
    orders = seen.own.counter("orders_total", "Orders.", labels=known, limit=2)
    assert seen.value("orders_total", kind="disc", ok="no") == 0
    orders.labels("stranger", "yes").inc()
    orders.labels("disc", "no").inc()
    assert seen.value("orders_total", kind="other", ok="yes") == 1
    assert seen.value("orders_total", kind="disc", ok="no") == 1


def test_other_itself_takes_no_room(seen: Seen) -> None:
    """A user's own value `other` is the same child, and does not use up the limit."""
    orders = seen.own.counter("orders_total", "Orders.", labels=("kind",), limit=1)
    for kind in ("other", "book", "disc"):
        orders.labels(kind).inc()
    assert (seen.value("orders_total", kind="book"), seen.value("orders_total", kind="other")) == (1, 2)


def test_threads_count_together_and_keep_the_limit(seen: Seen) -> None:
    """Eight threads with new values each lose no count, and there are never more children than the limit."""
    orders = seen.own.counter("orders_total", "Orders.", labels=("kind",), limit=5)

    def work(number: int) -> None:
        for at in range(500):
            orders.labels(f"{number}-{at % 20}").inc()

    threads = [Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counts = [s for f in seen.registry.collect() for s in f.samples if s.name == "orders_total"]
    assert len(counts) == 6
    assert sum(sample.value for sample in counts) == 4000


def test_metrics_without_labels_count_by_themselves(seen: Seen) -> None:
    """inc, set, dec and observe are there on the metric itself, and on one with labels they say what is missing."""
    calls, level = seen.own.counter("calls_total", "Calls."), seen.own.gauge("level", "A level.")
    seconds = seen.own.histogram("work_seconds", "Work.", buckets=(0.1, 1))
    calls.inc(2)
    level.set(5)
    level.dec()
    level.inc(0.5)
    seconds.observe(0.3)
    assert (seen.value("calls_total"), seen.value("level"), seen.value("work_seconds_sum")) == (2, 4.5, 0.3)
    assert seen.value("work_seconds_bucket", le="1.0") == 1
    with pytest.raises(ValueError, match="missing label values"):
        seen.own.counter("other_total", "Others.", labels=("kind",)).inc()
