from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from monitoring import Metrics, MetricsServer
from monitoring.catalogue import requests
from monitoring.exposition import PortTaken

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
