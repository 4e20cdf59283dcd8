"""Requests of an instrumented app as spans, where tracing is set up."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from starlette.testclient import TestClient

from monitoring import instrument, tracing
from tests.monitoring.tracing.collectors import collecting
from tests.servewatch.stack.stacks import free_port

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Tracing that samples what its caller samples, and keeps the spans here too."""
    kept = InMemorySpanExporter()
    made = tracing.setup("shop", endpoint=f"http://127.0.0.1:{free_port()}", sample=0.0)
    made.provider.add_span_processor(SimpleSpanProcessor(kept))
    yield kept
    made.close(0.1)


def fast() -> Any:
    app = instrument(FastAPI(), service="shop", registry=CollectorRegistry())
    app.get("/items/{id}")(lambda id: id)
    return TestClient(app)


def flask() -> Any:
    app = instrument(Flask("shop"), service="shop", registry=CollectorRegistry())
    app.get("/items/<id>")(lambda id: id)
    return app.test_client()


@pytest.mark.parametrize(("make", "route"), [(fast, "/items/{id}"), (flask, "/items/<id>")])
def test_a_sampled_request_is_a_span_of_its_callers_trace(spans: InMemorySpanExporter, make: Any, route: str) -> None:
    """It is named by its route, is the child of the caller's span, has the code, and is the latency's exemplar."""
    client = make()
    for flag in ("01", "00"):
        assert client.get("/items/7", headers={"traceparent": f"00-{TRACE}-{SPAN}-{flag}"}).text
    (span,) = spans.get_finished_spans()
    assert span.name == f"GET {route}"
    assert span.parent is not None
    assert (f"{span.parent.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, SPAN)
    assert span.attributes is not None
    told = {"http.request.method": "GET", "http.route": route, "http.response.status_code": 200}
    assert dict(span.attributes) == told
    page = client.get("/metrics", headers={"accept": "application/openmetrics-text"})
    assert f'trace_id="{TRACE}"' in page.text


@pytest.mark.parametrize("make", [FastAPI, Flask])
def test_the_one_line_can_name_the_collector_too(make: Any) -> None:
    """Spans go there under the app's name; those that wait when the app stops are sent, and counted."""
    registry = CollectorRegistry()
    with collecting() as collector:
        app = instrument(
            make(import_name="shop") if make is Flask else make(),
            service="shop",
            version="4",
            registry=registry,
            trace_endpoint=collector.url,
            trace_sample=1.0,
        )
        app.get("/items")(lambda: "one")
        if make is Flask:
            assert app.test_client().get("/items").text == "one"
            active = tracing.active()
            assert active is not None
            active.close()
        else:
            with TestClient(app) as client:
                assert client.get("/items").json() == "one"
        (span,) = collector.spans
    assert (span.name, span.resource["service.name"], span.resource["service.version"]) == ("GET /items", "shop", "4")
    sent = {"outcome": "sent", "service": "shop", "version": "4"}
    assert registry.get_sample_value("servewatch_trace_spans_total", sent) == 1


def test_a_collector_that_is_none_is_refused() -> None:
    """Before the app is changed: it can be instrumented after that."""
    app = FastAPI()
    with pytest.raises(tracing.TracingInvalid, match="the collector is 'nowhere', expected a URL"):
        instrument(app, registry=CollectorRegistry(), trace_endpoint="nowhere")
    assert instrument(app, registry=CollectorRegistry()) is app


@pytest.mark.skipif("telemetry" not in inspect.signature(FastAPI).parameters, reason="this FastAPI traces nothing")
def test_an_app_that_is_given_a_provider_is_traced_by_fastapi(spans: InMemorySpanExporter) -> None:
    """Its own spans stay as they are, there is no second one for a request, and they are the latency's exemplar."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    app = instrument(
        FastAPI(telemetry={"tracer_provider": provider, "operation_spans": False}),
        service="shop",
        registry=CollectorRegistry(),
    )
    app.get("/items/{id}")(lambda id: id)
    client = TestClient(app)
    assert client.get("/items/7").status_code == 200
    (span,) = kept.get_finished_spans()
    assert (span.name, spans.get_finished_spans()) == ("GET /items/{id}", ())
    page = client.get("/metrics", headers={"accept": "application/openmetrics-text"}).text
    assert span.context is not None
    assert f'trace_id="{span.context.trace_id:032x}"' in page
