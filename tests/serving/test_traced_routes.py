"""Routes of a service's own, where traces or logs of requests are asked for."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest
from fastapi import APIRouter, FastAPI, Request
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from starlette.responses import PlainTextResponse

from monitoring import instrument
from monitoring.tracing import outgoing
from serving import NDArray, api, batched, service
from serving.logs import About
from serving.tracks import track_now
from tests.monitoring.tracing.collectors import PARENT, SAMPLED, TRACE, UNSAMPLED, Collector, collecting

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 1))]
log = logging.getLogger("user")


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A local HTTP server that stands for a collector."""
    with collecting() as collector:
        yield collector


async def told() -> dict[str, str]:
    """Where in a trace we are."""
    log.warning("within")
    return outgoing()


def fast(**options: Any) -> FastAPI:
    app = FastAPI(**options)
    app.get("/orders/{id}")(told)
    return app


async def plain(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI app of no framework."""
    await PlainTextResponse(outgoing().get("traceparent", ""))(scope, receive, send)


def make(**more: Any) -> type:
    router = APIRouter()

    @router.get("/reports/{name}")
    async def report(name: str, request: Request) -> dict[str, str]:
        await request.app.state.service.double(np.ones((1, 1), np.float32))
        return await told()

    @router.get("/broken")
    def broken() -> None:
        raise ArithmeticError("own fault")

    @service(app={"/own": router, "/shop": fast(), "/plain": plain, **more})
    class Shop:
        @batched
        def double(self, rows: np.ndarray) -> np.ndarray:
            return rows * 2

        @api
        async def price(self, rows: Rows) -> Rows:
            return await self.double(rows)

    return Shop


@pytest.fixture
def shop(serve: Callable[..., Any], collector: Collector) -> Callable[..., Any]:
    """`shop(sample)` serves it, traced; `mounted` are further apps of its own."""

    def start(sample: float = 1.0, mounted: Any = None, **options: Any) -> Any:
        options = {"trace_endpoint": collector.url, "trace_sample": sample, "drain_delay": 0.0} | options
        return serve(make(**(mounted or {})), **options)

    return start


@pytest.mark.parametrize(
    ("path", "route"),
    [("/own/reports/may", "/own/reports/{name}"), ("/shop/orders/7", "/shop/orders/{id}"), ("/plain/x", "/plain")],
)
def test_a_request_for_an_own_route_is_one_server_span(
    shop: Callable[..., Any], collector: Collector, path: str, route: str
) -> None:
    """Of its caller's trace, by its route; FastAPI's own tracing of a mounted app makes no second one."""
    live = shop(0.0)
    assert live.get(path, traceparent=SAMPLED, x_request_id="r-1").status == 200
    live.stop()
    (span,) = [span for span in collector.spans if span.attributes.get("http.route")]
    assert (span.name, span.trace_id, span.parent) == (f"GET {route}", TRACE, PARENT)
    assert span.attributes == {
        "http.request.method": "GET", "http.route": route, "http.response.status_code": 200,
        "servewatch.endpoint": route, "servewatch.request_id": "r-1",
    }  # fmt: skip
    batch = ["queue double", "predict double"] if route.startswith("/own") else []
    assert [other.name for other in collector.spans if other is not span] == batch


def test_what_an_own_route_calls_and_logs_is_in_its_trace(
    shop: Callable[..., Any], collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    """Batches that it awaits are its children, headers for calls continue it, and log lines have both ids."""
    caplog.handler.addFilter(About(track_now))
    live = shop()
    headers = live.get("/own/reports/may", x_request_id="r-2").json()
    live.stop()
    (request,) = collector.named("GET /own/reports/{name}")
    (predict,) = collector.named("predict double")
    assert headers["traceparent"].split("-")[1:3] == [request.trace_id, request.span_id]
    assert (predict.trace_id, predict.parent) == (request.trace_id, request.span_id)
    (record,) = [record for record in caplog.records if record.name == "user"]
    assert (record.request_id, record.trace_id) == ("r-2", request.trace_id)


def test_an_own_route_that_raises_has_it_on_its_span(shop: Callable[..., Any], collector: Collector) -> None:
    """It is answered 500, once, and what is asked next is traced as ever."""
    live = shop()
    assert live.get("/own/broken").status == 500
    assert live.get("/own/reports/may").status == 200
    live.stop()
    (span,) = collector.named("GET /own/broken")
    assert (span.failed, span.events[0]["exception.message"]) == (True, "own fault")
    assert span.trace_id not in {other.trace_id for other in collector.named("GET /own/reports/{name}")}


@pytest.mark.parametrize("headers", [{}, {"traceparent": UNSAMPLED}])
def test_an_own_route_that_is_not_sampled_is_traced_by_nobody(
    shop: Callable[..., Any], collector: Collector, headers: dict[str, str]
) -> None:
    """Neither by us nor by a mounted app of FastAPI or one that is instrumented; nor are paths that have no route."""
    live = shop(0.0, {"/old": instrument(fast(title="old"), registry=CollectorRegistry())})
    for path in ("/own/reports/may", "/shop/orders/7", "/old/orders/7", "/plain/x", "/shop/nothing", "/nothing"):
        live.get(path, **headers)
    live.stop()
    assert collector.spans == []


def test_a_mounted_app_that_is_instrumented_has_the_one_span_as_its_exemplar(
    shop: Callable[..., Any], collector: Collector
) -> None:
    """Its latency histogram names the trace that the service's span is of."""
    live = shop(1.0, {"/old": instrument(fast(title="old"), service="old", registry=CollectorRegistry())})
    assert live.get("/old/orders/7").status == 200
    page = live.get("/old/metrics", accept="application/openmetrics-text").content.decode()
    live.stop()
    (span,) = [span for span in collector.spans if span.name.startswith("GET /old/orders")]
    assert f'trace_id="{span.trace_id}"' in page


def test_a_mounted_app_with_a_provider_of_its_own_keeps_it(shop: Callable[..., Any], collector: Collector) -> None:
    """What it was told to send elsewhere goes there, and our span stays one."""
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    live = shop(1.0, {"/far": fast(telemetry={"tracer_provider": provider, "operation_spans": False})})
    assert live.get("/far/orders/7").status == 200
    live.stop()
    assert [span.name for span in collector.spans] == ["GET /far/orders/{id}"]
    assert len(kept.get_finished_spans()) == 1


def test_health_and_metrics_stay_untraced_beside_own_routes(shop: Callable[..., Any]) -> None:
    """Also where a caller traces, and a route of one's own takes every path."""
    router = APIRouter()
    router.get("/{rest:path}")(told)
    seen, live = InMemorySpanExporter(), shop(1.0, {"/all": router})
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(seen))
    for path in ("/healthz", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/nowhere"):
        live.get(path, traceparent=SAMPLED)
    assert seen.get_finished_spans() == ()


def test_an_own_route_has_its_line_in_the_access_log(
    serve: Callable[..., Any], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """By its route, with its code and id; one that is not there has one line too, health has none."""
    live = serve(make(), access_log="json")
    for path in ("/own/reports/may", "/shop/orders/7", "/own/nothing", "/healthz"):
        live.get(path, x_request_id="r-3")
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines() if line.startswith(b"{")]
    told = [(line["endpoint"], line["code"], line["request_id"]) for line in lines]
    assert told == [
        ("/own/reports/{name}", 200, "r-3"), ("/shop/orders/{id}", 200, "r-3"), ("unknown", 404, "r-3"),
    ]  # fmt: skip
