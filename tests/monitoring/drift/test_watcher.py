from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from monitoring.drift import Watcher
from monitoring.drift.heap import Heap
from monitoring.exposition import Asked, page
from monitoring.reference import Extracted, Feature, Reference, extractor
from monitoring.sampling import Sampler

ADULT = {"age": np.array([5.0, 15.0, 99.0, np.nan]), "city": ["Rome", "Paris", None, "Oslo"]}
LABELS = {"service": "s", "version": "1", "model": "m", "model_version": "2"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def watch(registry: CollectorRegistry) -> Iterator[Callable[..., Watcher]]:
    """`watch(reference)` gives a watcher that ends with the test."""
    running: list[Watcher] = []

    def start(reference: Reference, **given: Any) -> Watcher:
        running.append(Watcher(reference, **LABELS, registry=registry, **given))
        return running[-1]

    yield start
    for watcher in running:
        watcher.close()


def counted(registry: CollectorRegistry, reference: Reference, feature: str) -> dict[str, float]:
    """Bin by bin, as a page that is made of the registry has it."""
    labels = {**LABELS, "reference": reference.hash, "feature": feature, "role": "input"}
    bins = next(f.bins for f in reference.features if f.name == feature)
    name = "servewatch_feature_observations_total"
    return {bin: registry.get_sample_value(name, {**labels, "bin": bin}) for bin in bins}


def test_every_bin_is_there_at_0_before_anything_was_seen(
    registry: CollectorRegistry, reference: Reference, watch: Callable[..., Watcher]
) -> None:
    """A counter that is born above 0 hides what came before its second scrape."""
    watch(reference)
    assert counted(registry, reference, "age") == dict.fromkeys(["00", "01", "02", "03", "missing"], 0)
    assert counted(registry, reference, "city") == dict.fromkeys(["Rome", "Oslo", "other", "missing"], 0)
    for metric in ("dropped", "failed"):
        assert registry.get_sample_value(f"servewatch_feature_rows_{metric}_total", LABELS) == 0


def test_rows_are_counted_in_the_references_bins(
    registry: CollectorRegistry, reference: Reference, watch: Callable[..., Watcher]
) -> None:
    """Numbers by their edges, categories by their values; what was never seen is `other`."""
    watcher = watch(reference)
    watcher.observe(ADULT)
    assert watcher.flush()
    assert counted(registry, reference, "age") == {"00": 0, "01": 1, "02": 1, "03": 1, "missing": 1}
    assert counted(registry, reference, "city") == {"Rome": 1, "Oslo": 1, "other": 1, "missing": 1}


def test_many_small_batches_count_what_one_large_one_does(
    registry: CollectorRegistry, reference: Reference, watch: Callable[..., Watcher]
) -> None:
    """Batches of all threads are joined, and none is lost."""
    ages = Reference(reference.features[:1], {"inputs": {"kind": "columns", "served": ["age"], "dtype": "float32"}})
    watcher = watch(ages)
    one = np.array([[15.0]], "float32")
    threads = [threading.Thread(target=lambda: [watcher.observe(one) for _ in range(300)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert watcher.flush()
    assert counted(registry, ages, "age")["02"] == 1200


def test_what_cannot_be_counted_in_time_is_dropped_and_counted(
    registry: CollectorRegistry, reference: Reference, watch: Callable[..., Watcher]
) -> None:
    """Whoever hands rows over does not wait: once as many wait as may, the next ones are counted as dropped."""
    watcher = watch(reference, heap=Heap(most_rows=4))
    watcher.close()
    watcher.observe(ADULT)
    assert registry.get_sample_value("servewatch_feature_rows_dropped_total", LABELS) == 4


def test_rows_that_no_features_can_be_made_of_fail_alone_and_are_logged_once_in_a_while(
    registry: CollectorRegistry,
    reference: Reference,
    watch: Callable[..., Watcher],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Good rows beside them count, whoever observes hears nothing, the log has one line and not one for each."""
    now = [0.0]
    watcher = watch(reference, clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for inputs in (np.zeros((2, 7)), ADULT, np.zeros((3, 7)), object()):
            watcher.observe(inputs)
        assert watcher.flush()
        assert len(caplog.records) == 1
        now[0] = 61.0
        watcher.observe(np.zeros((1, 7)))
        assert watcher.flush()
    assert [record.getMessage().partition(" could")[0] for record in caplog.records] == [
        "2 rows of 'm'",
        "5 rows of 'm'",
    ]
    assert registry.get_sample_value("servewatch_feature_rows_failed_total", LABELS) == 7
    assert sum(counted(registry, reference, "age").values()) == 4


def test_two_watchers_of_one_model_share_its_counts(
    registry: CollectorRegistry, reference: Reference, watch: Callable[..., Watcher]
) -> None:
    """A series is there once, whoever counts into it."""
    for watcher in (watch(reference), watch(reference)):
        watcher.observe(ADULT)
        assert watcher.flush()
    assert counted(registry, reference, "age")["01"] == 2


def test_the_end_counts_what_was_handed_over(
    registry: CollectorRegistry, reference: Reference, watch: Callable[..., Watcher]
) -> None:
    """Closing does not throw away."""
    watcher = watch(reference)
    watcher.observe(ADULT)
    watcher.close()
    assert counted(registry, reference, "age")["01"] == 1


def test_nothing_but_counts_leaves_the_process(
    registry: CollectorRegistry, watch: Callable[..., Watcher], caplog: pytest.LogCaptureFixture
) -> None:
    """No value of the traffic is on any page, nor in the log of rows that fail: only bins that were declared."""
    features = (
        Feature("salary", "input", (0, 1, 0), edges=(100.0,), dtype="float64"),
        Feature("name", "input", (1, 0, 0), values=("Ann",)),
    )
    spec = {"kind": "columns", "served": ["salary", "name"], "dtype": "float64"}
    watcher = watch(Reference(features, {"inputs": spec}))
    with caplog.at_level(logging.DEBUG):
        watcher.observe({"salary": [70123.25], "name": ["Zebedee"]})
        watcher.observe([["Zebedee", "Zebedee", 70123.25]])
        assert watcher.flush()
    pages = [
        page(registry, Asked(path, accept)).content
        for path in ("/metrics", "/metrics/reference")
        for accept in ("", "application/openmetrics-text")
    ]
    told = b"".join([*pages, generate_latest(registry), caplog.text.encode()])
    assert b'bin="other"' in told
    assert b"Zebedee" not in told
    assert b"70123" not in told


def test_a_sampler_that_fails_changes_no_count(
    registry: CollectorRegistry,
    reference: Reference,
    watch: Callable[..., Watcher],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """Rows are counted once, whatever becomes of their sample, and the log says that there is none from here on."""

    class Full(Sampler):
        def take(self, extracted: Extracted) -> None:
            raise OSError(28, "No space left on device")

    watcher = watch(reference)
    watcher.sampler = Full(tmp_path, extractor(reference))
    with caplog.at_level(logging.WARNING):
        watcher.observe(ADULT)
        assert watcher.flush()
        watcher.observe(ADULT)
        assert watcher.flush()
    assert counted(registry, reference, "age")["01"] == 2
    assert [record.getMessage() for record in caplog.records] == ["rows of 'm' are logged no more: OSError"]
    assert registry.get_sample_value("servewatch_feature_rows_failed_total", LABELS) == 0
