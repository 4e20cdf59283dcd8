"""A real HTTP server that stands for an OpenTelemetry collector: it decodes what OTLP exporters send."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SAMPLED = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = SAMPLED[:-1] + "0"
TRACE, PARENT = SAMPLED.split("-")[1:3]


class Seen(NamedTuple):
    """A span as it came over the wire."""

    name: str
    trace_id: str
    span_id: str
    parent: str
    links: list[str]
    attributes: dict[str, Any]
    resource: dict[str, Any]
    events: list[dict[str, Any]]
    failed: bool
    start: int
    end: int


class Collector:
    """Keeps the spans that came. `status` and `wait` make it refuse, or be slow."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.posts = 0
        self.paths: set[str] = set()
        self.status = 200
        self.wait = 0.0
        self.released = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                body = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
                collector.posts += 1
                collector.paths.add(self.path)
                collector.released.wait(collector.wait)
                if collector.status == 200:
                    collector.spans += read(body)
                try:
                    self.send_response(collector.status)
                    self.send_header("content-length", "0")
                    self.end_headers()
                except OSError:  # who sent it did not wait
                    return

            def log_message(self, *args: Any) -> None: ...

        return Handler

    def named(self, name: str) -> list[Seen]:
        """The spans of that name that came by now."""
        return [span for span in self.spans if span.name == name]


def read(body: bytes) -> list[Seen]:
    """The spans of one export."""
    found = []
    for group in ExportTraceServiceRequest.FromString(body).resource_spans:
        resource = attributes(group.resource.attributes)
        for scope in group.scope_spans:
            found += [
                Seen(
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    [link.span_id.hex() for link in span.links],
                    attributes(span.attributes),
                    resource,
                    [attributes(event.attributes) for event in span.events],
                    span.status.code == 2,
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                )
                for span in scope.spans
            ]
    return found


def attributes(pairs: Any) -> dict[str, Any]:
    """OTLP's key and value pairs as a dict."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in pairs}


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""
    collector = Collector()
    thread = threading.Thread(target=collector.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield collector
    finally:
        collector.released.set()
        collector.server.shutdown()
        collector.server.server_close()
        thread.join(10)
