from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.monitoring.tracing.collectors import PARENT, SAMPLED, TRACE, UNSAMPLED, Collector, collecting

JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain"}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A local HTTP server that stands for a collector."""
    with collecting() as collector:
        yield collector


def test_a_trace_and_a_requests_id_reach_the_runners_process(
    whole: Callable[..., Any], collector: Collector, eventually: Any
) -> None:
    """One trace over both: queue and predict are the runner's, and its log names the request that failed there."""
    options = {"SERVEWATCH_TRACE_ENDPOINT": collector.url, "SERVEWATCH_TRACE_SAMPLE": "0"}
    served = whole(2, 1, SERVEWATCH_LOG_FORMAT="json", SERVEWATCH_ACCESS_LOG="json", **options)
    served.post("/predict", **JSON, traceparent=SAMPLED)
    served.post("/predict", **JSON, traceparent=UNSAMPLED)
    served.post("/predict", **JSON)
    code, _ = served.post("/upper", b"fault", **TEXT, **{"x-request-id": "r-1", "traceparent": SAMPLED})
    assert code == 500
    eventually(lambda: served.value("servewatch_trace_spans_total", outcome="sent") == 6, 10)
    served.popen.send_signal(signal.SIGTERM)
    exit_code, said = served.end()
    assert exit_code == 0
    request, failed = collector.named("POST /predict")[0], collector.named("POST /upper")[0]
    for queue, predict, parent in (
        ("queue double", "predict double", request),
        ("queue upper", "predict upper", failed),
    ):
        (waited,), (ran,) = collector.named(queue), collector.named(predict)
        assert (waited.parent, ran.parent, ran.links) == (parent.span_id, parent.span_id, [parent.span_id])
        assert ran.resource["service.instance.id"] != parent.resource["service.instance.id"]
        assert parent.start <= waited.start <= waited.end <= ran.end <= parent.end
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert (request.parent, len(collector.spans)) == (PARENT, 6)
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    (told,) = [line for line in lines if line.get("message") == "upper failed on a request of its own"]
    assert (told["request_id"], told["trace_id"]) == ("r-1", TRACE)
    access = [line for line in lines if line.get("endpoint") in ("predict", "upper")]
    assert [(line["code"], line["rows"], line.get("trace_id")) for line in access] == [
        (200, 1, TRACE), (200, 1, TRACE), (200, 1, None), (500, 1, TRACE),
    ]  # fmt: skip
