from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from monitoring.tracing import active, outgoing
from serving import NDArray, api, batched, service
from serving.tracks import track_now
from tests.monitoring.tracing.collectors import PARENT, SAMPLED, TRACE, UNSAMPLED, Collector, collecting

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 2))]
GATE = threading.Event()


def tracer() -> Any:
    """The users' own, of the service that runs now."""
    tracing = active()
    return tracing.provider.get_tracer("user") if tracing else trace.NoOpTracer()


@service(version="7")
class Shop:
    """Endpoints of each kind, which tell where in a trace they run."""

    @batched
    def double(self, rows: np.ndarray) -> np.ndarray:
        if rows.shape[1] and rows[0, 0] == 77:
            GATE.wait(10)
        if (rows == 13).any():
            raise ArithmeticError("no 13")
        with tracer().start_as_current_span("within predict"):
            return rows * 2

    @api
    async def price(self, rows: Rows) -> Rows:
        with tracer().start_as_current_span("own"):
            return await self.double(rows)

    @api
    async def called(self, text: str) -> dict[str, str]:
        return outgoing()

    @api
    def called_on_a_thread(self, text: str) -> dict[str, str]:
        return outgoing()

    @api
    async def tell(self, text: str) -> AsyncIterator[str]:
        yield outgoing()["traceparent"]
        if text == "fail":
            raise ArithmeticError("half way")


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A local HTTP server that stands for a collector."""
    with collecting() as collector:
        yield collector


@pytest.fixture
def shop(serve: Callable[..., Any], collector: Collector) -> Callable[..., Any]:
    """`shop(sample)` serves Shop, traced."""

    def start(sample: float = 1.0, **options: Any) -> Any:
        return serve(Shop, trace_endpoint=collector.url, trace_sample=sample, drain_delay=0.0, **options)

    return start


def test_a_requests_trace_has_its_queue_its_batch_and_the_users_own_spans(
    shop: Callable[..., Any], collector: Collector
) -> None:
    """Request, own span, queue and predict nest as the code does, and the batch's span links to its request's."""
    live = shop()
    answer = live.post("/price", [[1, 2], [3, 4]], x_request_id="r-1")
    live.stop()
    by_name = {span.name: span for span in collector.spans}
    request, own, predict = by_name["POST /price"], by_name["own"], by_name["predict double"]
    assert answer.json() == [[2, 4], [6, 8]]
    assert {span.trace_id for span in collector.spans} == {request.trace_id}
    assert (own.parent, by_name["queue double"].parent, predict.parent) == (request.span_id, own.span_id, own.span_id)
    assert (by_name["within predict"].parent, predict.links) == (predict.span_id, [own.span_id])
    assert predict.attributes == {
        "servewatch.runner": "double", "servewatch.batch.rows": 2, "servewatch.batch.requests": 1,
    }  # fmt: skip
    assert request.attributes == {
        "http.request.method": "POST", "http.route": "/price", "http.response.status_code": 200,
        "servewatch.endpoint": "price", "servewatch.request_id": "r-1",
    }  # fmt: skip
    assert (request.resource["service.name"], request.resource["service.version"]) == ("shop", "7")
    assert live.value("servewatch_trace_spans_total", outcome="sent") == len(collector.spans) == 5


def test_requests_of_one_batch_share_its_span(
    shop: Callable[..., Any], collector: Collector, eventually: Callable[..., Any]
) -> None:
    """While the first is held, two more gather: one span links to both, and stands in the traces of both."""
    GATE.clear()
    live = shop()
    threads = [threading.Thread(target=live.post, args=("/price", [[77, 0]]))]
    threads[0].start()
    eventually(lambda: live.value("servewatch_runner_requests_in_progress", runner="double") == 1)
    for number in (1, 2):
        threads.append(threading.Thread(target=live.post, args=("/price", [[number, 0]])))
        threads[-1].start()
    eventually(lambda: live.value("servewatch_runner_queue_requests", runner="double") == 2)
    GATE.set()
    for thread in threads:
        thread.join(10)
    live.stop()
    both = [span for span in collector.named("predict double") if span.attributes["servewatch.batch.requests"] == 2]
    main = next(span for span in both if len(span.links) == 2)
    other = next(span for span in both if span is not main)
    assert (len(both), other.links) == (2, [main.span_id])
    assert main.trace_id != other.trace_id
    assert sorted(main.links) == sorted([main.parent, other.parent])


@pytest.mark.parametrize("path", ["/called", "/called_on_a_thread"])
def test_a_callers_trace_goes_through(shop: Callable[..., Any], collector: Collector, path: str) -> None:
    """What the endpoint calls gets the caller's trace, sampled or not, from the event loop and from a thread."""
    live = shop(0.0)
    sampled = live.post(path, b"x", content_type="text/plain", traceparent=SAMPLED, tracestate="a=b").json()
    unsampled = live.post(path, b"x", content_type="text/plain", traceparent=UNSAMPLED).json()
    none = live.post(path, b"x", content_type="text/plain").json()
    live.stop()
    request = collector.named(f"POST {path}")[0]
    assert sampled["traceparent"][:36] == SAMPLED[:36]
    assert (sampled["tracestate"], unsampled) == ("a=b", {"traceparent": UNSAMPLED})
    assert none["traceparent"].endswith("-00")
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert request.parent == PARENT


def test_nothing_of_a_request_that_is_not_sampled_is_traced(shop: Callable[..., Any], collector: Collector) -> None:
    """Neither the request nor what the user's code begins within it, whatever is asked of the share meanwhile."""
    live = shop(0.0)
    for _ in range(20):
        assert live.post("/price", [[1, 2]]).status == 200
    live.stop()
    assert collector.spans == []


def test_errors_stand_on_the_spans(shop: Callable[..., Any], collector: Collector) -> None:
    """The model's error is on its batch's span and the request's answer on the request's; wrong input fails none."""
    live = shop()
    assert live.post("/price", [[13, 2]]).status == 500
    assert live.post("/price", [["x", 2]]).status in (400, 422)
    live.stop()
    failed, refused = sorted(collector.named("POST /price"), key=lambda span: not span.failed)
    (predict,) = collector.named("predict double")
    assert (predict.failed, predict.events[0]["exception.message"]) == (True, "no 13")
    assert (failed.failed, failed.attributes["error.type"]) == (True, "500")
    assert failed.events[0]["exception.type"].endswith("RunnerFailed")
    assert (refused.failed, len(refused.events)) == (False, 1)


def test_a_stream_is_traced_to_its_end(shop: Callable[..., Any], collector: Collector) -> None:
    """The span is current within the generator, and has the error that came half way."""
    live = shop()
    answer = live.post("/tell", b"fail", content_type="text/plain", accept="text/event-stream")
    live.stop()
    (request,) = collector.named("POST /tell")
    assert request.trace_id in answer.content.decode()
    assert (request.failed, request.attributes["http.response.status_code"]) == (True, 500)
    assert [event["exception.message"] for event in request.events] == ["half way"]


def test_exemplars_are_of_traces_that_are_kept(shop: Callable[..., Any], collector: Collector) -> None:
    """A sampled request's trace id is on the latency histogram; that of a request which is not sampled is nowhere."""

    def exemplars(live: Any) -> set[str]:
        families = list(live.registry.collect())
        return {s.exemplar.labels["trace_id"] for family in families for s in family.samples if s.exemplar}

    live = shop(0.0)
    live.post("/called", b"x", content_type="text/plain")
    live.post("/called", b"x", content_type="text/plain", traceparent=UNSAMPLED)
    assert exemplars(live) == set()
    live.post("/called", b"x", content_type="text/plain", traceparent=SAMPLED)
    assert exemplars(live) == {TRACE}
    live.stop()
    live = shop(1.0)
    trace_id = live.post("/called", b"x", content_type="text/plain").json()["traceparent"].split("-")[1]
    assert exemplars(live) == {trace_id}
    live.stop()


@pytest.mark.parametrize("status", [400, 503])
def test_a_collectors_trouble_touches_no_request(
    shop: Callable[..., Any], collector: Collector, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    """With one that refuses or is overloaded, answers are as ever, and the service ends in time."""
    collector.status = status
    live = shop()
    assert {live.post("/price", [[1, 2]]).status for _ in range(30)} == {200}
    live.stop()
    counts = [live.value("servewatch_trace_spans_total", outcome=outcome) for outcome in ("failed", "dropped")]
    assert sum(counts) == 150
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


def test_health_and_metrics_are_not_traced(shop: Callable[..., Any]) -> None:
    """The web framework would trace them by itself, also for a caller that traces."""
    seen, live = InMemorySpanExporter(), shop()
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(seen))
    for path in ("/healthz", "/readyz", "/metrics", "/nowhere"):
        live.get(path, traceparent=SAMPLED)
    assert seen.get_finished_spans() == ()


@pytest.mark.parametrize("endpoint", ["localhost:4318", "nothing"])
def test_a_collectors_address_that_is_none_ends_the_service(
    serve: Callable[..., Any], eventually: Callable[..., Any], endpoint: str
) -> None:
    """The error has the value, what is accepted, and the setting."""
    live = serve(Shop, ready=False, trace_endpoint=endpoint)
    eventually(lambda: live.lifecycle.state == "failed")
    error = live.lifecycle.error
    assert str(error).startswith(f"the collector is '{endpoint}', expected a URL such as http://127.0.0.1:4318")
    assert "SERVEWATCH_TRACE_ENDPOINT" in str(error)


def test_without_settings_no_track_is_kept(serve: Callable[..., Any]) -> None:
    """Traces and logs of requests are off unless asked for, and then nothing is done for them."""
    assert serve(Shop).lifecycle.tracks is None
    assert asyncio.run(_now()) is None


async def _now() -> Any:
    return track_now()
