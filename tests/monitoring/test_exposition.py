from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as text_to_families

from monitoring import Metrics, MetricsServer
from monitoring.catalogue import requests
from monitoring.drift import Watcher
from monitoring.exposition import Asked, MetricsApp, PortTaken, page
from monitoring.reference import Feature, Reference

WATCHED = Reference(
    (
        Feature("age", "input", (1, 2, 3, 4), edges=(0.0, 1.0), middles=(-1.0, 0.5, 2.0), spread=2.0),
        Feature('ci"ty\\', "input", (1, 0, 0), values=("100%\nRome",)),
        Feature("confidence", "output", (5, 5, 0), edges=(0.5,)),
    ),
    {
        "inputs": {"kind": "columns", "served": ["age", 'ci"ty\\'], "dtype": "float64"},
        "outputs": {"kind": "probabilities"},
    },
    accuracy=(0.25, 1.0, 0.0),
    classes=("a", "b"),
)
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def server() -> Iterator[MetricsServer]:
    registry = CollectorRegistry()
    histogram = Metrics(registry, {"service": "s", "version": "1"}).histogram(requests.DURATION, endpoint="e")
    histogram.observe(0.02, {"trace_id": "abc"})
    server = MetricsServer(registry, port=0)
    yield server
    server.close()


def fetch(url: str, **headers: str) -> tuple[str, bytes]:
    with urlopen(Request(url, headers=headers), timeout=5) as answer:
        body = answer.read()
        return answer.headers["Content-Type"], body


def test_a_scraper_that_asks_for_openmetrics_gets_it_with_exemplars(server: MetricsServer) -> None:
    """OpenMetrics is chosen by the Accept header, parses, and carries exemplars."""
    kind, body = fetch(server.url, Accept=OPENMETRICS)
    assert kind.startswith("application/openmetrics-text")
    exemplars = [
        s.exemplar.labels for f in text_string_to_metric_families(body.decode()) for s in f.samples if s.exemplar
    ]
    assert exemplars == [{"trace_id": "abc"}]


def test_others_get_text(server: MetricsServer) -> None:
    """Without an Accept header, the page is Prometheus text, which knows no exemplars."""
    kind, body = fetch(server.url)
    assert kind.startswith("text/plain")
    assert b"servewatch_request_duration_seconds_bucket" in body
    assert b"trace_id" not in body


def test_gzip_is_used_where_it_is_accepted(server: MetricsServer) -> None:
    """A scraper that takes gzip gets gzip."""
    _, body = fetch(server.url, **{"Accept-Encoding": "gzip"})
    assert b"servewatch_request_duration_seconds_bucket" in gzip.decompress(body)


def test_a_taken_port_is_named() -> None:
    """The error names the port and the host."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} on 127.0.0.1 is taken"):
            MetricsServer(CollectorRegistry(), port=port)


@pytest.fixture
def watched() -> Iterator[CollectorRegistry]:
    """A registry beside which two versions of a model are watched; two rows of the first were seen."""
    registry = CollectorRegistry()
    labels = {"service": "s", "version": "1", "model": "m"}
    with Watcher(WATCHED, **labels, model_version="1", registry=registry) as watcher:
        watcher.observe({"age": [0.5, None], 'ci"ty\\': ["100%\nRome", "Oslo"]}, np.array([[0.1, 0.9], [0.5, 0.5]]))
        assert watcher.flush()
        with Watcher(WATCHED, **labels, model_version="2", registry=registry):
            yield registry


def samples(families: Any) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of what is watched, and that none is there twice."""
    found = [(s.name, frozenset(s.labels.items()), s.value) for f in families for s in f.samples]
    drift = [each for each in found if "feature" in each[0] and "rows_" not in each[0].replace("reference_rows", "")]
    assert len({each[:2] for each in drift}) == len(drift)
    return {each[:2]: each[2] for each in drift}


def test_what_is_watched_is_the_same_in_both_formats_and_on_pages_of_others(watched: CollectorRegistry) -> None:
    """Text, OpenMetrics (before its end mark), and a page that prometheus_client makes have the same counters."""
    text = samples(text_to_families(page(watched, Asked()).content.decode()))
    openmetrics = page(watched, Asked(accept=OPENMETRICS)).content.decode()
    assert openmetrics.endswith("\n# EOF\n")
    assert samples(text_string_to_metric_families(openmetrics)) == text
    foreign = samples(text_to_families(generate_latest(watched).decode()))
    assert text.items() <= foreign.items()
    assert {name for name, _ in text} == {"servewatch_feature_observations_total"}
    assert len(text) == 2 * (4 + 3 + 3)
    assert sum(text.values()) == 2 * 3


def test_the_reference_is_on_a_path_of_its_own(watched: CollectorRegistry) -> None:
    """Its gauges change never, so one slow scrape of one replica is enough; the metrics themselves are not there."""
    for accept, parse in (("", text_to_families), (OPENMETRICS, text_string_to_metric_families)):
        body = page(watched, Asked("/metrics/reference", accept)).content.decode()
        found = samples(parse(body))
        assert "observations" not in body
        labels = {"service": "s", "version": "1", "model": "m", "model_version": "1", "reference": WATCHED.hash}
        age = {**labels, "feature": "age", "role": "input"}

        def value(name: str, found: Any = found, **labels: str) -> float:
            return found[f"servewatch_feature_reference_{name}", frozenset(labels.items())]

        assert value("rows", **age) == 10
        assert value("ratio", **age, bin="missing") == pytest.approx(4.5 / 12)
        assert value("gap", **age, bin="00") == 0.75
        assert value("score", **age, bin="02") == pytest.approx(1 - 3.5 / 7.5 / 2)
        assert ("servewatch_feature_reference_score", frozenset({**age, "bin": "missing"}.items())) not in found
        assert 'bin="00"} 0.25' in body.partition("# TYPE servewatch_confidence_accuracy_ratio gauge")[2]


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
@pytest.mark.parametrize("path", ["/metrics", "/metrics/reference"])
def test_promtool_finds_nothing_to_say(watched: CollectorRegistry, path: str) -> None:
    """The names, types and helps are as Prometheus wants them."""
    body = page(watched, Asked(path)).content
    if path == "/metrics":  # what prometheus_client adds to a counter is not ours
        body = b"\n".join(line for line in body.splitlines() if b"_created" not in line) + b"\n"
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_page_can_be_asked_for_by_metric(watched: CollectorRegistry) -> None:
    """name[] leaves out all others, as prometheus_client has it."""
    only = page(watched, Asked(query="name[]=servewatch_feature_rows_dropped_total")).content
    assert b"rows_dropped_total{" in only
    assert b"observations" not in only
    counters = page(watched, Asked(query="name[]=servewatch_feature_observations_total")).content
    assert b"rows_dropped" not in counters
    assert counters.count(b"# TYPE") == 1


def test_the_server_and_the_app_have_both_paths(watched: CollectorRegistry) -> None:
    """/metrics and /metrics/reference on a port of their own, and inside an ASGI app."""
    server = MetricsServer(watched, port=0)
    try:
        _, metrics = fetch(server.url)
        _, reference = fetch(f"{server.url}/reference")
    finally:
        server.close()
    assert metrics == asked_app(watched, "/metrics")
    assert reference == asked_app(watched, "/metrics/reference")
    assert reference.startswith(b"# HELP servewatch_feature_reference_ratio")


def asked_app(registry: CollectorRegistry, path: str) -> bytes:
    """What the ASGI app answers."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(MetricsApp(registry)({"path": path, "headers": []}, receive, send))
    assert sent[0]["status"] == 200
    return sent[1]["body"]
