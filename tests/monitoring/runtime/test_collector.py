from __future__ import annotations

import gc

from prometheus_client import CollectorRegistry

from monitoring import Metrics
from monitoring.catalogue.runtime import GC_PAUSE
from monitoring.merge import merge, snapshot
from monitoring.runtime import GarbageCollection, watch_garbage_collection

LABELS = {"service": "shop", "version": "1"}


def metrics() -> Metrics:
    return Metrics(CollectorRegistry(), LABELS)


def count(registry: CollectorRegistry, generation: str) -> float | None:
    return registry.get_sample_value(f"{GC_PAUSE.name}_count", {**LABELS, "generation": generation})


def test_each_collection_is_counted_in_its_generation() -> None:
    """One that is asked for is there at once; after the end none is, and gc has forgotten us."""
    live, before = metrics(), list(gc.callbacks)
    gc.disable()  # Nobody else's allocations start one.
    try:
        stop = watch_garbage_collection(live)
        assert [count(live.registry, g) for g in "012"] == [0, 0, 0]
        gc.collect(1)
        gc.collect()
        assert [count(live.registry, g) for g in "012"] == [0, 1, 1]
        stop()
    finally:
        gc.enable()
    assert gc.callbacks == before
    assert count(live.registry, "2") is None


def test_pauses_are_shown_by_their_length() -> None:
    """The declared buckets, cumulative, and the sum; a pause at a bound is within it."""
    now = [0.0]
    watched, registry = GarbageCollection(LABELS, lambda: now[0]), CollectorRegistry()
    registry.register(watched)
    for seconds in (0.001, 0.003, 7.0):
        watched.note("start", {"generation": 2})
        now[0] += seconds
        watched.note("stop", {"generation": 2})
        now[0] = 0.0
    found = {
        le: registry.get_sample_value(f"{GC_PAUSE.name}_bucket", {**LABELS, "generation": "2", "le": le})
        for le in ("0.0001", "0.001", "0.0025", "0.005", "1.0", "+Inf")
    }
    assert found == {"0.0001": 0, "0.001": 1, "0.0025": 1, "0.005": 2, "1.0": 2, "+Inf": 3}
    assert registry.get_sample_value(f"{GC_PAUSE.name}_sum", {**LABELS, "generation": "2"}) == 7.004


def test_a_collection_while_the_page_is_read_does_no_harm() -> None:
    """The collector may run within a scrape: with one at nearly every allocation, pages are read to the end."""
    live = metrics()
    stop = watch_garbage_collection(live)
    threshold = gc.get_threshold()
    gc.set_threshold(1)
    try:
        pages = [snapshot(live.registry) for _ in range(50)]
    finally:
        gc.set_threshold(*threshold)
        stop()
    first, last = (
        sum(sample.value for sample in family.samples if sample.name.endswith("_count"))
        for (family,) in (pages[0], pages[-1])
    )
    assert last > first + 49


def test_collections_of_several_processes_add_up() -> None:
    """As those of any histogram."""
    pages = []
    for _ in range(2):
        watched, registry = GarbageCollection(LABELS, lambda: 0.0), CollectorRegistry()
        watched.note("stop", {"generation": 0})
        registry.register(watched)
        pages.append(snapshot(registry))
    (family,) = merge(pages)
    counts = {sample.labels: sample.value for sample in family.samples if sample.name.endswith("_count")}
    assert sorted(counts.values()) == [0, 0, 2]


def test_a_second_service_of_a_process_shows_no_second_time() -> None:
    """The pauses are the process's: on one page they stand once, and nothing is refused."""
    live = metrics()
    stop, other = watch_garbage_collection(live), watch_garbage_collection(live)
    other()
    assert count(live.registry, "2") == 0
    stop()
