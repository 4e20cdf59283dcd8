from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace

from monitoring.tracing import outgoing, read_traceparent, start_request
from tests.monitoring.tracing.collectors import PARENT, SAMPLED, TRACE, UNSAMPLED, Collector


def test_a_request_is_sent_with_its_name_status_and_service(tracing: Callable[..., Any], collector: Collector) -> None:
    """The span comes to the collector by OTLP, with the resource that tells who sent it."""
    live = tracing()
    request = live.start_request("POST /predict")
    request.set({"http.route": "/predict"})
    request.end(200)
    live.close()
    (span,) = collector.spans
    assert (span.name, span.failed, span.parent) == ("POST /predict", False, "")
    assert span.attributes == {"http.route": "/predict", "http.response.status_code": 200}
    assert (span.resource["service.name"], span.resource["service.version"]) == ("shop", "1.2")
    assert span.resource["service.instance.id"] == "i-1"
    assert span.trace_id == request.trace_id
    assert collector.paths == {"/v1/traces"}


def test_a_callers_trace_goes_on_and_its_state_with_it(tracing: Callable[..., Any], collector: Collector) -> None:
    """With a sampled traceparent the span is a child of the caller's even where no other request is sampled."""
    live = tracing(sample=0.0)
    request = live.start_request("a", SAMPLED, "vendor=x,other=y")
    headers = outgoing()
    request.end(200)
    live.close()
    (span,) = collector.spans
    assert (span.trace_id, span.parent, request.trace_id) == (TRACE, PARENT, TRACE)
    assert headers == {"traceparent": f"00-{TRACE}-{span.span_id}-01", "tracestate": "vendor=x,other=y"}


def test_a_callers_word_not_to_sample_is_kept_and_passed_on(tracing: Callable[..., Any], collector: Collector) -> None:
    """At a share of 1, an unsampled traceparent is not traced, and goes out as it came."""
    live = tracing(sample=1.0)
    request = live.start_request("a", UNSAMPLED, "vendor=x")
    live.provider.get_tracer("user").start_span("within").end()
    assert outgoing() == {"traceparent": UNSAMPLED, "tracestate": "vendor=x"}
    request.end(500)
    live.close()
    assert (request.sampled, request.trace_id, collector.spans) == (False, TRACE, [])


def test_of_requests_without_a_parent_the_share_is_traced(
    tracing: Callable[..., Any], collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fifth of 500 at a share of 0.2; nothing within the others is traced, and each has one id of its own."""
    monkeypatch.setattr("monitoring.tracing.tracer.random", random.Random(4))
    live, sampled, ids = tracing(sample=0.2), 0, set()
    for _ in range(500):
        request = live.start_request("a", "not a parent")
        sampled += request.sampled
        live.provider.get_tracer("user").start_span("within").end()
        parent = read_traceparent(outgoing()["traceparent"])
        ids.add(parent.trace_id)
        assert parent.sampled is request.sampled
        request.end(200)
    live.close()
    assert 70 < sampled < 130
    assert (len(collector.named("a")), len(collector.named("within")), len(ids)) == (sampled, sampled, 500)


def test_what_runs_within_a_request_nests_in_it(tracing: Callable[..., Any], collector: Collector) -> None:
    """A span of the user's is a child of the request's, and after its end what was current before is again."""
    live, before = tracing(), trace.get_current_span()
    request = live.start_request("outer")
    with live.provider.get_tracer("user").start_as_current_span("inner"):
        pass
    request.end(200)
    assert trace.get_current_span() is before
    live.close()
    (outer,), (inner,) = collector.named("outer"), collector.named("inner")
    assert (inner.parent, inner.trace_id) == (outer.span_id, outer.trace_id)


def test_errors_are_recorded(tracing: Callable[..., Any], collector: Collector) -> None:
    """A 500 marks the span as failed, with the exception's class, words and traceback; a 400 does not."""
    live = tracing()
    failing, refused = live.start_request("failing"), None
    try:
        raise KeyError("no such thing")
    except KeyError as error:
        failing.fail(error)
    failing.end(500)
    refused = live.start_request("refused")
    refused.end(400)
    live.close()
    (span,), (fine,) = collector.named("failing"), collector.named("refused")
    assert (span.failed, fine.failed) == (True, False)
    assert span.events[0]["exception.type"] == "KeyError"
    assert "test_errors_are_recorded" in span.events[0]["exception.stacktrace"]


def test_a_batch_links_to_its_requests_and_stands_in_each_of_their_traces(
    tracing: Callable[..., Any], collector: Collector
) -> None:
    """A child of the first request, linked to both; the second's trace has one of the same times, linked to it."""
    live = tracing()
    requests = [live.start_request(name) for name in ("first", "second")]
    for request in reversed(requests):
        request.leave()
    batch = live.batch("predict", [request.context for request in requests], {"rows": 2})
    live.provider.get_tracer("user").start_span("within").end()
    batch.end(ValueError("bad row"))
    for request in requests:
        request.end(200)
    live.close()
    (first,), (second,) = collector.named("first"), collector.named("second")
    mine, other = sorted(collector.named("predict"), key=lambda span: span.parent != first.span_id)
    assert (mine.parent, mine.links) == (first.span_id, [first.span_id, second.span_id])
    assert (other.parent, other.trace_id, other.links) == (second.span_id, second.trace_id, [mine.span_id])
    assert (mine.start, mine.end, mine.attributes, mine.failed) == (other.start, other.end, {"rows": 2}, True)
    assert collector.named("within")[0].parent == mine.span_id


def test_what_has_passed_is_recorded_with_its_time(tracing: Callable[..., Any], collector: Collector) -> None:
    """A span that is told afterwards ends now and took as long as was said."""
    live = tracing()
    request = live.start_request("a")
    live.record("queue", request.context, 0.25, {"runner": "r"})
    request.end(200)
    live.close()
    (queue,) = collector.named("queue")
    assert queue.end - queue.start == 250_000_000
    assert queue.parent == collector.named("a")[0].span_id


def test_a_trace_goes_on_in_another_process(tracing: Callable[..., Any], collector: Collector) -> None:
    """What outgoing gives of a context, resume makes a context of: its spans are children of the same span."""
    live = tracing()
    request = live.start_request("a", "", "")
    context = live.resume(**live.outgoing(request.context))
    live.record("elsewhere", context, 0.1, {})
    request.end(200)
    live.close()
    (span,), (elsewhere,) = collector.named("a"), collector.named("elsewhere")
    assert (elsewhere.parent, elsewhere.trace_id) == (span.span_id, span.trace_id)


def test_opentelemetrys_own_switch_turns_it_off(
    tracing: Callable[..., Any], collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With OTEL_SDK_DISABLED nothing is traced, no id of zeros is shown, and a caller's trace is passed on."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    live = tracing()
    request = live.start_request("a")
    assert (request.sampled, request.trace_id) == (False, None)
    request.end(200)
    request = live.start_request("a", SAMPLED)
    assert outgoing() == {"traceparent": SAMPLED}
    request.end(200)
    live.close()
    assert collector.spans == []


def test_without_tracing_nothing_begins_and_nothing_goes_out() -> None:
    """Before setup and after close, the calls that a library makes are there and do nothing."""
    assert (start_request("a", SAMPLED), outgoing()) == (None, {})


def test_after_close_tracing_is_off(tracing: Callable[..., Any]) -> None:
    """A request that begins after the end is not traced."""
    live = tracing()
    assert start_request("a") is not None
    live.close()
    assert start_request("a") is None
