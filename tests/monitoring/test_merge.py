from __future__ import annotations

import gzip
import pickle
import shutil
import subprocess
from collections.abc import Iterable
from urllib.request import Request, urlopen

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from monitoring import Metric, Metrics, MetricsServer
from monitoring.catalogue import models, requests
from monitoring.merge import Ledger, Merged, Snapshot, merge, snapshot

LABELS = {"service": "s", "version": "1"}


class Process:
    """What one process counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        metrics = Metrics(self.registry, LABELS)
        self.total = metrics.counter(requests.TOTAL, endpoint="e", code="200")
        self.seconds = metrics.histogram(requests.DURATION, endpoint="e")
        self.open = metrics.gauge(requests.IN_PROGRESS, endpoint="e")
        self.info = metrics.gauge(models.INFO, model="m", model_version="1", framework="f", reference="")
        self.info.set(1)

    def sent(self) -> Snapshot:
        """Its snapshot, after a way through a socket."""
        return pickle.loads(pickle.dumps(snapshot(self.registry)))


def page(*snapshots: Snapshot) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Merged(lambda: snapshots))
    return registry


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, {**LABELS, **labels})


def test_counters_and_histograms_are_summed() -> None:
    """Three and four are seven; buckets, counts and sums add up bucket by bucket."""
    one, other = Process(), Process()
    one.total.inc(3)
    other.total.inc(4)
    one.seconds.observe(0.002)
    other.seconds.observe(0.02)
    merged = page(one.sent(), other.sent())
    assert value(merged, "servewatch_requests_total", endpoint="e", code="200") == 7
    assert value(merged, "servewatch_request_duration_seconds_bucket", endpoint="e", le="0.0025") == 1
    assert value(merged, "servewatch_request_duration_seconds_bucket", endpoint="e", le="+Inf") == 2
    assert value(merged, "servewatch_request_duration_seconds_sum", endpoint="e") == pytest.approx(0.022)


def test_a_series_that_one_process_alone_has_is_there() -> None:
    """Labels that only one of them has seen are not lost, nor are other metrics mixed up with them."""
    one, other = Process(), Process()
    Metrics(other.registry, LABELS).counter(requests.TOTAL, endpoint="e", code="500").inc()
    merged = page(one.sent(), other.sent())
    assert value(merged, "servewatch_requests_total", endpoint="e", code="500") == 1
    assert value(merged, "servewatch_requests_total", endpoint="e", code="200") == 0


def test_gauges_are_summed_unless_their_declaration_says_otherwise() -> None:
    """What is in progress adds up; that a model is loaded stays 1; what began first is when the service began."""
    one, other = Process(), Process()
    one.open.set(2)
    other.open.set(3)
    for process, began in ((one, 100.0), (other, 50.0)):
        Gauge("process_start_time_seconds", "h", registry=process.registry).set(began)
    merged = page(one.sent(), other.sent())
    assert value(merged, "servewatch_requests_in_progress", endpoint="e") == 5
    info = {"model": "m", "model_version": "1", "framework": "f", "reference": ""}
    assert value(merged, "servewatch_model_info", **info) == 1
    assert merged.get_sample_value("process_start_time_seconds") == 50


@pytest.mark.parametrize(("mode", "expected"), [("all", 9.0), ("livemax", 7.0), ("min", 2.0), ("livesum", 9.0)])
def test_a_users_gauge_says_how_in_prometheus_clients_own_words(mode: str, expected: float) -> None:
    """multiprocess_mode is obeyed; without one, gauges are summed."""
    registries = [CollectorRegistry(), CollectorRegistry()]
    for registry, level in zip(registries, (2, 7), strict=True):
        Gauge("level", "h", registry=registry, multiprocess_mode=mode).set(level)  # type: ignore[arg-type]
    assert page(*map(snapshot, registries)).get_sample_value("level") == expected


def test_only_gauges_may_say_how_they_add() -> None:
    """A counter's declaration that asks for a maximum is refused."""
    with pytest.raises(ValueError, match="always summed"):
        Metric(name="a_total", kind="counter", help="h", topic="stack", add="max")


def test_the_newest_exemplar_survives() -> None:
    """Of two processes' exemplars in one bucket, the later one is shown in OpenMetrics."""
    one, other = Process(), Process()
    one.seconds.observe(0.002, {"trace_id": "old"})
    other.seconds.observe(0.002, {"trace_id": "new"})
    for pair in ((one, other), (other, one)):
        text = generate_openmetrics(page(*(process.sent() for process in pair))).decode()
        found = [s.exemplar.labels for f in read_openmetrics(text) for s in f.samples if s.exemplar]
        assert found == [{"trace_id": "new"}]


def test_custom_collectors_and_every_kind_of_users_metric_are_included() -> None:
    """Summaries, plain counters and collectors of the user's own come through with their names."""

    class Own:
        def collect(self) -> Iterable[GaugeMetricFamily]:
            family = GaugeMetricFamily("room_celsius", "h", labels=["room"])
            family.add_metric(["a"], 20)
            yield family

    registry = CollectorRegistry()
    registry.register(Own())
    Counter("plain", "h", registry=registry).inc(2)
    Summary("took", "h", registry=registry).observe(3)
    Histogram("size", "h", registry=registry, buckets=(1, 2)).observe(1.5)
    merged = page(snapshot(registry), snapshot(registry))
    samples = {(s.name, *s.labels.values()): s.value for f in merged.collect() for s in f.samples}
    assert samples["room_celsius", "a"] == 40
    assert (samples["plain_total",], samples["took_sum",], samples["took_count",]) == (4, 6, 2)
    assert samples["size_bucket", "2.0"] == 2


def test_a_name_with_two_meanings_is_the_first_ones() -> None:
    """Where two processes disagree what a name is, the page stays one that parses."""
    one, other = CollectorRegistry(), CollectorRegistry()
    Gauge("odd", "h", registry=one).set(1)
    Summary("odd", "h", registry=other).observe(5)
    assert [(f.name, f.type, len(f.samples)) for f in page(snapshot(one), snapshot(other)).collect()] == [
        ("odd", "gauge", 1)
    ]


def test_both_formats_parse_and_promtool_is_silent() -> None:
    """The whole of a real process's registry beside ours, three times over."""
    process = Process()
    process.seconds.observe(0.5, {"trace_id": "t"})
    pages = [process.sent(), snapshot(REGISTRY), process.sent()]
    text = generate_latest(page(*pages)).decode()
    plain = {family.name for family in read_text(text) if not family.name.endswith("_created")}
    assert plain == {family.name for family in read_openmetrics(generate_openmetrics(page(*pages)).decode())}
    if promtool := shutil.which("promtool"):
        checked = subprocess.run([promtool, "check", "metrics"], input=text, text=True, capture_output=True)
        assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_a_process_that_ends_without_a_word_is_remembered() -> None:
    """Its counters stay as they were last seen; its gauges go; what comes late from it is not taken."""
    ledger, process = Ledger(), Process()
    ledger.begin(1)
    process.total.inc(3)
    process.open.set(2)
    ledger.note(1, process.sent())
    late = process.sent()
    ledger.end(1)
    ledger.note(1, late)
    ledger.begin(2)
    ledger.note(2, Process().sent())
    merged = page(*ledger.pages())
    assert value(merged, "servewatch_requests_total", endpoint="e", code="200") == 3
    assert value(merged, "servewatch_requests_in_progress", endpoint="e") == 0


def test_two_hundred_restarts_leave_no_more_to_add_up_than_one() -> None:
    """The ended are one total: as many pages and samples as after the first, with everybody's counts."""
    ledger, sizes = Ledger(), []
    for number in range(200):
        process = Process()
        process.total.inc()
        ledger.begin(number)
        ledger.note(number, process.sent())
        ledger.end(number)
        pages = ledger.pages()
        sizes.append((len(pages), sum(len(family.samples) for page in pages for family in page)))
    assert set(sizes) == {sizes[0]}
    assert value(page(*ledger.pages()), "servewatch_requests_total", endpoint="e", code="200") == 200


def test_the_page_is_served_like_any_registry() -> None:
    """A collector in a registry is all that a metrics server needs."""
    process = Process()
    process.total.inc(5)
    server = MetricsServer(page(process.sent(), process.sent()), port=0)
    try:
        with urlopen(Request(server.url, headers={"Accept-Encoding": "gzip"}), timeout=5) as answer:
            body = gzip.decompress(answer.read())
    finally:
        server.close()
    assert b'servewatch_requests_total{code="200",endpoint="e",service="s",version="1"} 10.0' in body


def test_nothing_merged_is_nothing() -> None:
    """No process, no metrics: an empty page, not an error."""
    assert merge([]) == ()
