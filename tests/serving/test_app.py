from __future__ import annotations

import asyncio
import http.client
import io
import threading
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from starlette.exceptions import HTTPException

from serving import NDArray, api, batched, service
from serving.errors import UnfitInput

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 3))]
Serve = Callable[..., Any]
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@service(name="demo", version="1.2.3")
class Demo:
    """Endpoints of each kind."""

    def __init__(self) -> None:
        self.entered, self.let_go = threading.Semaphore(0), threading.Semaphore(0)
        self.calls: list[int] = []
        self.held = False

    @batched(max_rows=8)
    def double(self, rows: np.ndarray) -> np.ndarray:
        self.calls.append(len(rows))
        if self.held:
            self.entered.release()
            assert self.let_go.acquire(timeout=10)
        return rows * 2

    @api
    async def rows(self, rows: Rows, plus: float = 0.0) -> Rows:
        return await self.double(rows) + plus

    @api
    def shout(self, text: str, times: int = 1) -> str:
        if self.held:
            self.entered.release()
            assert self.let_go.acquire(timeout=10)
        return text.upper() * times

    @api
    async def wait(self, text: str) -> str:
        self.entered.release()
        await asyncio.get_running_loop().create_future()
        return text

    @api
    async def fail(self, text: str) -> str:
        raise ValueError(f"secret {text}")

    @api
    def fail_in_thread(self, text: str) -> str:
        raise ValueError(f"secret {text}")

    @api
    async def refuse(self, text: str) -> str:
        if text == "teapot":
            raise HTTPException(418, "I am a teapot", {"x-pot": "1"})
        raise UnfitInput("nothing is good enough")

    @api
    async def unwritable(self, text: str) -> Any:
        return {"value": object()}

    @api(batch=True, max_rows=4)
    def total(self, rows: Rows) -> list[float]:
        return [float(row.sum()) for row in rows]


@pytest.fixture
def live(serve: Serve) -> Any:
    return serve(Demo, max_body_bytes=1000, max_queue_rows=8)


@pytest.fixture
def demo(live: Any) -> Demo:
    return live.lifecycle.instance


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_rows_come_back_as_rows_and_one_row_as_one(live: Any) -> None:
    """JSON of two rows gives two, of one gives one; npy is answered as JSON unless npy is asked for."""
    assert live.post("/rows", [[1, 2, 3], [4, 5, 6]]).json() == [[2, 4, 6], [8, 10, 12]]
    assert live.post("/rows", [1, 2, 3]).json() == [2, 4, 6]
    body = npy(np.ones((2, 3), dtype=np.float32))
    assert live.post("/rows", body, content_type="application/x-npy").json() == [[2, 2, 2]] * 2
    answer = live.post("/rows", [1, 2, 3], accept="application/x-npy")
    assert np.load(io.BytesIO(answer.content)).tolist() == [2, 4, 6]


def test_batch_endpoints_get_rows_and_answer_rows(live: Any) -> None:
    """`@api(batch=True)` on a def is an endpoint of its own, one row or many."""
    assert live.post("/total", [[1, 2, 3], [4, 5, 6]]).json() == [6, 15]
    assert live.post("/total", [1, 2, 3]).json() == 6
    assert live.post("/total", [[1, 2, 3]] * 9).json() == [6] * 9


def test_query_parameters_reach_async_and_plain_endpoints(live: Any) -> None:
    """What the signature declares after the body comes from the URL, with its default."""
    assert live.post("/rows?plus=0.5", [1, 2, 3]).json() == [2.5, 4.5, 6.5]
    assert live.post("/shout?times=2", b"ab", content_type="text/plain").content == b"ABAB"
    refused = live.post("/shout?times=many", b"ab", content_type="text/plain")
    assert (refused.status, "got 'many'" in refused.error["message"]) == (422, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code", "message"),
    [
        ("POST", "/rows", b"[1,", {}, 400, "invalid_input", "the body is not JSON"),
        ("POST", "/rows", b"", {}, 400, "invalid_input", "the request has no body"),
        ("POST", "/nowhere", b"[]", {}, 404, "not_found", "there is no POST /nowhere"),
        ("GET", "/rows", None, {}, 405, "method_not_allowed", "GET /rows is not served"),
        ("POST", "/readyz", b"", {}, 405, "method_not_allowed", "POST /readyz is not served"),
        ("POST", "/rows", b"x" * 1001, {}, 413, "body_too_large", "got a body of 1001 bytes, at most 1000"),
        ("POST", "/rows", b"1,2,3", {"content_type": "text/csv"}, 415, "unsupported_media", "'text/csv', expected"),
        ("POST", "/rows", b"[[1, 2]]", {}, 422, "unfit_input", "shape (N, 3), or one row of (3), got (1, 2)"),
        ("POST", "/rows", b"[1, 2, 1e300]", {}, 422, "unfit_input", "expected finite numbers, got inf"),
        ("POST", "/refuse", b"x", {}, 422, "unfit_input", "nothing is good enough"),
        ("POST", "/refuse", b"teapot", {}, 418, "http_error", "I am a teapot"),
        ("POST", "/fail", b"x", {}, 500, "runner_failed", "/fail failed: ValueError"),
        ("POST", "/fail_in_thread", b"x", {}, 500, "runner_failed", "'fail_in_thread' failed: ValueError"),
        ("POST", "/unwritable", b"x", {}, 500, "unwritten", "/unwritable answered a dict that cannot be"),
    ],
)
def test_each_error_is_json_with_a_code_a_message_and_help(
    live: Any, method: str, path: str, body: bytes, headers: Any, status: int, code: str, message: str
) -> None:
    """Status, code and message say what was expected and what came; the request keeps its id; the service goes on."""
    answer = live.ask(method, path, body, x_request_id="my-id", **headers)
    assert (answer.status, answer.error["code"], answer.headers["x-request-id"]) == (status, code, "my-id")
    assert message in answer.error["message"]
    assert "secret" not in answer.content.decode()
    assert answer.headers["content-type"] == "application/json"
    assert answer.error["help"] or status == 418
    assert live.post("/rows", [1, 2, 3]).status == 200


def test_a_refused_method_names_the_one_that_is_served(live: Any) -> None:
    """405 carries Allow."""
    assert live.get("/rows").headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/rows", "/nowhere", "/livez", "/healthz", "/readyz", "/metrics", "/docs"])
def test_every_answer_has_a_request_id(live: Any, path: str) -> None:
    """The caller's comes back; without one each answer gets a new one."""
    assert live.get(path, x_request_id="abc").headers["x-request-id"] == "abc"
    assert live.get(path).headers["x-request-id"] != live.get(path).headers["x-request-id"]


def test_requests_are_counted_by_endpoint_and_code(live: Any) -> None:
    """Each answer is one count and one duration of its endpoint; nothing stays in progress."""
    for body in (b"[1,2,3]", b"[1,2,3]", b"[1]", b"["):
        live.post("/rows", body)
    live.get("/rows")
    assert {code: live.count(code, "rows") for code in (200, 400, 405, 422, 500)} == {
        200: 2, 400: 1, 405: 1, 422: 1, 500: 0,
    }  # fmt: skip
    assert live.value("servewatch_request_duration_seconds_count", endpoint="rows") == 5
    assert live.value("servewatch_requests_in_progress", endpoint="rows") == 0


def test_every_series_is_there_at_0_before_the_first_request(live: Any) -> None:
    """A scrape of a fresh service has each endpoint with each code that it may answer."""
    for endpoint in ("rows", "shout", "fail", "total"):
        assert all(live.count(code, endpoint) == 0 for code in (200, 400, 413, 415, 422, 499, 500, 503, 504))
        assert live.value("servewatch_requests_total", endpoint=endpoint, code="503") == 0
    assert live.value("servewatch_requests_total", endpoint="unknown", code="404") == 0


def test_unknown_paths_make_no_series(live: Any) -> None:
    """Two hundred paths that are not there are one count of `unknown`."""
    live.get("/one")
    before = len([s for family in live.registry.collect() for s in family.samples])
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    for number in range(200):
        connection.request("GET", f"/path-{number}")
        assert connection.getresponse().read()
    connection.close()
    assert live.count(404, "unknown") == 201
    assert len([s for family in live.registry.collect() for s in family.samples]) == before


def test_health_and_metrics_are_not_counted(live: Any) -> None:
    """Probes and scrapes leave the request counters alone."""
    for path in ("/livez", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"):
        assert live.get(path).status == 200
    counted = [
        sample.value
        for family in live.registry.collect()
        for sample in family.samples
        if sample.name == "servewatch_requests_total"
    ]
    assert sum(counted) == 0


def test_a_body_over_the_limit_is_refused_however_it_is_sent(live: Any) -> None:
    """By its length before it is read, in chunks while it is read; the client can still read the answer."""
    assert live.post("/rows", b"x" * 3_000_000).status == 413
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    connection.request("POST", "/rows", iter([b"x" * 900, b"y" * 900]), encode_chunked=True)
    answer = connection.getresponse()
    assert answer.status == 413
    assert "goes on after 1000 bytes" in answer.read().decode()
    connection.close()
    assert live.count(413, "rows") == 2


def test_a_client_that_asks_before_it_sends_is_told_at_once(live: Any) -> None:
    """Expect: 100-continue with a length over the limit gets 413, and no "go on"."""
    with live.connect() as client:
        client.sendall(b"POST /rows HTTP/1.1\r\nHost: x\r\nContent-Length: 50000000\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_a_waiting_request_whose_client_leaves_is_not_run(live: Any, demo: Demo, eventually: Any) -> None:
    """Behind a busy runner, a client that goes away costs the model nothing, and is counted 499 and cancelled."""
    demo.held = True
    first = threading.Thread(target=live.post, args=("/rows", [1, 2, 3]))
    first.start()
    assert demo.entered.acquire(timeout=10)
    with live.connect() as client:
        client.sendall(b"POST /rows HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\n\r\n[1,2,3]")
        eventually(lambda: live.value("servewatch_runner_queue_requests", runner="double") == 1)
    eventually(lambda: live.count(499, "rows") == 1)
    demo.let_go.release(9)
    first.join()
    eventually(lambda: live.value("servewatch_runner_requests_total", runner="double", outcome="cancelled") == 1)
    assert demo.calls == [1]


def test_an_endpoint_that_waits_is_ended_when_its_client_leaves(live: Any, demo: Demo, eventually: Any) -> None:
    """User code that would wait for ever is cancelled, and nothing stays in progress."""
    with live.connect() as client:
        client.sendall(b"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx")
        assert demo.entered.acquire(timeout=10)
        assert live.value("servewatch_requests_in_progress", endpoint="wait") == 1
    eventually(lambda: live.count(499, "wait") == 1)
    assert live.value("servewatch_requests_in_progress", endpoint="wait") == 0


def test_a_client_that_leaves_while_it_sends_is_counted(live: Any, eventually: Any) -> None:
    """Half a request is 499, and nothing is decoded."""
    with live.connect() as client:
        client.sendall(b"POST /rows HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n[1,")
        eventually(lambda: live.value("servewatch_requests_in_progress", endpoint="rows") == 1)
    eventually(lambda: live.count(499, "rows") == 1)
    assert live.count(400, "rows") == live.count(200, "rows") == 0


def test_a_full_queue_answers_503_with_retry_after(live: Any, demo: Demo, eventually: Any) -> None:
    """More rows than may wait are shed at once; those who wait are served."""
    demo.held = True
    answers: list[int] = []
    ask = lambda rows: answers.append(live.post("/rows", [[1, 2, 3]] * rows).status)  # noqa: E731
    clients = [threading.Thread(target=ask, args=(rows,)) for rows in (1, 8)]
    clients[0].start()
    assert demo.entered.acquire(timeout=10)
    clients[1].start()
    eventually(lambda: live.value("servewatch_runner_queue_requests", runner="double") == 1)
    shed = live.post("/rows", [1, 2, 3])
    assert (shed.status, shed.headers["retry-after"], shed.error["code"]) == (503, "1", "queue_full")
    demo.let_go.release(9)
    for client in clients:
        client.join()
    assert answers == [200, 200]
    assert live.count(503, "rows") == 1
    assert live.value("servewatch_runner_requests_total", runner="double", outcome="shed") == 1


def test_plain_functions_run_on_threads_and_the_event_loop_goes_on(live: Any, demo: Demo) -> None:
    """While a `def` endpoint blocks, health checks and other endpoints answer."""
    demo.held = True
    client = threading.Thread(target=live.post, args=("/shout", b"x"), kwargs={"content_type": "text/plain"})
    client.start()
    assert demo.entered.acquire(timeout=10)
    assert live.get("/readyz").status == 200
    assert live.post("/total", [1, 2, 3]).json() == 6
    demo.let_go.release()
    client.join()


def test_a_trace_becomes_an_exemplar(live: Any) -> None:
    """OpenMetrics links a bucket of the duration to the caller's recorded trace; the page parses."""
    live.post("/rows", [1, 2, 3], traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")
    page = live.get("/metrics", accept="application/openmetrics-text; version=1.0.0")
    exemplars = [
        (sample.name, sample.labels["endpoint"], sample.exemplar.labels)
        for family in text_string_to_metric_families(page.content.decode())
        for sample in family.samples
        if sample.exemplar
    ]
    assert exemplars == [("servewatch_request_duration_seconds_bucket", "rows", {"trace_id": TRACE})]


def test_a_connection_survives_its_errors(live: Any) -> None:
    """On one connection, an unread body of a refused request is not taken for the next request."""
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)
    statuses = []
    for method, path, body in (
        ("PUT", "/rows", b"[1,2,3]"), ("POST", "/nowhere", b"[1,2,3]"), ("POST", "/fail", b"x"),
        ("POST", "/rows", b"["), ("POST", "/rows", b"[1,2,3]"),
    ):  # fmt: skip
        connection.request(method, path, body)
        statuses.append((answer := connection.getresponse()).status)
        answer.read()
    connection.close()
    assert statuses == [405, 404, 500, 400, 200]


def test_many_clients_at_once_form_batches_and_get_their_own_answers(live: Any, demo: Demo) -> None:
    """Concurrent requests share calls of the model, and no answer goes to another client."""
    live.lifecycle.batchers["double"].limits = type(live.lifecycle.batchers["double"].limits)(8, 0.01, 1000)
    demo.held = True
    answers: dict[int, Any] = {}

    def ask(number: int) -> None:
        answers[number] = live.post("/rows", [number, 0, 0]).json()

    clients = [threading.Thread(target=ask, args=(number,)) for number in range(32)]
    for client in clients:
        client.start()
    assert demo.entered.acquire(timeout=10)
    demo.let_go.release(100)
    for client in clients:
        client.join()
    assert answers == {number: [2 * number, 0, 0] for number in range(32)}
    assert sum(demo.calls) == 32
    assert max(demo.calls) <= 8
