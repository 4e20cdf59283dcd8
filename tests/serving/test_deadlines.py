from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import numpy as np
import pytest

from serving import NDArray, api, batched, service
from serving.deadlines import Deadlines, deadline_now, read_timeout
from serving.errors import InvalidInput

Rows = Annotated[np.ndarray, NDArray("float32", ("N",))]


@service
class Late:
    """A runner that answers when the test lets it."""

    def __init__(self) -> None:
        self.entered, self.let_go = threading.Semaphore(0), threading.Semaphore(0)
        self.calls: list[list[float]] = []

    @batched(max_rows=4)
    def double(self, rows: np.ndarray) -> np.ndarray:
        self.calls.append(rows.tolist())
        self.entered.release()
        assert self.let_go.acquire(timeout=10)
        return rows * 2

    @api
    async def predict(self, rows: Rows) -> Rows:
        return await self.double(rows)

    @api(timeout=0.05)
    async def hasty(self, rows: Rows) -> Rows:
        return await self.double(rows)

    @api(timeout=0)
    async def patient(self, rows: Rows) -> float:
        return min(deadline_now(), 1e9)

    @api
    async def stubborn(self, rows: Rows) -> str:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            return "an answer all the same"
        return "never"


@pytest.fixture
def live(serve: Callable[..., Any]) -> Any:
    live = serve(Late)
    yield live
    live.lifecycle.instance.let_go.release(100)


def outcomes(live: Any) -> dict[str, float]:
    names = ("ok", "error", "shed", "cancelled", "expired")
    found = {n: live.value("servewatch_runner_requests_total", runner="double", outcome=n) for n in names}
    return {name: count for name, count in found.items() if count}


@pytest.mark.parametrize("value", [b"", b"x", b"0", b"-1", b"nan", b"inf", b"1e999", b"\xff", b"1,2"])
def test_a_timeout_is_a_number_of_seconds_above_0(value: bytes) -> None:
    """What is none is refused, and shown."""
    with pytest.raises(InvalidInput, match="expected a number of seconds above 0"):
        read_timeout(value)


@pytest.mark.parametrize(("value", "seconds"), [(b"1", 1.0), (b"0.25", 0.25), (b" 2 ", 2.0), (b"1e-3", 0.001)])
def test_a_timeout_is_read(value: bytes, seconds: float) -> None:
    """Whole seconds or parts of them."""
    assert read_timeout(value) == seconds


def test_a_header_that_is_no_timeout_is_400(live: Any) -> None:
    """The answer shows the value and an example; an empty header is none either."""
    for value in ("soon", ""):
        refused = live.post("/predict", [1], request_timeout=value)
        assert (refused.status, refused.error["code"]) == (400, "invalid_input")
        assert "Request-Timeout is" in refused.error["message"]


def test_at_the_deadline_the_client_gets_504_whatever_the_runner_does(live: Any, eventually: Any) -> None:
    """The model still runs when the answer is there; the request counts as expired once it is done."""
    late = live.post("/predict", [1], request_timeout="0.05")
    assert (late.status, late.error["code"]) == (504, "deadline")
    assert "within 0.05 s" in late.error["message"]
    assert live.count(504, "predict") == 1
    assert live.value("servewatch_requests_in_progress", endpoint="predict") == 0
    assert live.value("servewatch_runner_requests_in_progress", runner="double") == 1
    live.lifecycle.instance.let_go.release()
    eventually(lambda: outcomes(live) == {"expired": 1})


def test_a_request_whose_deadline_passes_in_the_queue_is_taken_out_and_not_run(live: Any, eventually: Any) -> None:
    """Behind a busy runner it holds no place any more, is counted expired, and the model never sees it."""
    first = threading.Thread(target=live.post, args=("/predict", [1]))
    first.start()
    assert live.lifecycle.instance.entered.acquire(timeout=10)
    assert live.post("/predict", [2], request_timeout="0.05").status == 504
    eventually(lambda: live.value("servewatch_runner_queue_requests", runner="double") == 0)
    assert outcomes(live) == {"expired": 1}
    assert live.lifecycle.batchers["double"].rows == 0
    live.lifecycle.instance.let_go.release(2)
    first.join()
    assert live.post("/predict", [3]).json() == [6]
    assert live.lifecycle.instance.calls == [[1], [3]]


def test_the_endpoints_timeout_holds_where_the_client_asks_for_more(live: Any) -> None:
    """The smaller of both wins, and 0 on the endpoint is no limit."""
    assert "within 0.05 s" in live.post("/hasty", [1], request_timeout="5").error["message"]
    assert "within 0.01 s" in live.post("/hasty", [1], request_timeout="0.01").error["message"]
    assert live.post("/patient", [1]).json() == 1e9


def test_the_setting_is_for_endpoints_that_say_nothing(serve: Callable[..., Any]) -> None:
    """SERVEWATCH_REQUEST_TIMEOUT bounds every request; an endpoint's own timeout, 0 included, comes before it."""
    live = serve(Late, request_timeout=0.08)
    assert "within 0.08 s" in live.post("/predict", [1]).error["message"]
    assert "within 0.05 s" in live.post("/hasty", [1]).error["message"]
    assert live.post("/patient", [1]).json() == 1e9
    live.lifecycle.instance.let_go.release(100)


def test_a_body_that_does_not_come_before_the_deadline_is_504(live: Any) -> None:
    """The deadline counts from the request's head on."""
    with live.connect() as client:
        client.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nRequest-Timeout: 0.05\r\nContent-Length: 9\r\n\r\n[1")
        assert client.recv(10_000).startswith(b"HTTP/1.1 504 ")
    assert live.count(504, "predict") == 1


def test_user_code_that_swallows_the_cancellation_does_not_answer_after_its_deadline(live: Any) -> None:
    """An endpoint that catches CancelledError cannot turn a 504 into a 200."""
    assert live.post("/stubborn", [1], request_timeout="0.05").status == 504


def test_a_request_that_is_in_time_is_answered_and_leaves_nothing(live: Any) -> None:
    """Its deadline is gone with it, on the same connection too."""
    live.lifecycle.instance.let_go.release(1)
    assert live.post("/predict", [1], request_timeout="5").json() == [2]
    assert live.post("/patient", [1]).json() == 1e9
    handler = live.app._handlers["/predict"]
    assert not handler._deadlines._open


def test_pipelined_requests_do_not_inherit_a_deadline(live: Any) -> None:
    """The second request on a connection, started where the first ended, may take its time."""
    one = b"POST /patient HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 3\r\n%b\r\n[1]"
    with live.connect() as client:
        client.sendall(one % b"Request-Timeout: 5\r\n" + one % b"Connection: close\r\n")
        answers = client.makefile("rb").read()
    assert answers.count(b"HTTP/1.1 200") == 2
    first, second = answers.split(b"HTTP/1.1 200")[1:]
    assert b"1000000000.0" not in first
    assert b"1000000000.0" in second


def run(scenario: Callable[[Deadlines, list[int]], Awaitable[Any]]) -> Any:
    """In an event loop with deadlines on the real clock; the list grows by one each time that some expired."""
    expired: list[int] = []

    async def main() -> Any:
        return await scenario(Deadlines(time.perf_counter, lambda: expired.append(1)), expired)

    return asyncio.run(main())


async def work(deadlines: Deadlines, seconds: float) -> bool:
    """Whether the deadline ended work that would never end."""
    deadline = deadlines.begin(time.perf_counter(), seconds)
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        deadline.end()
        deadline.error()
    return deadline.passed


def test_many_deadlines_pass_each_in_its_time_with_one_timer() -> None:
    """Fifty at random distances all pass; afterwards no timer is left."""

    async def scenario(deadlines: Deadlines, expired: list[int]) -> None:
        assert all(await asyncio.gather(*(work(deadlines, 0.001 * (at * 7 % 50)) for at in range(50))))
        assert 0 < len(expired) <= 50
        assert deadlines._timer is None
        assert deadline_now() == math.inf

    run(scenario)


def test_a_shorter_deadline_that_comes_later_passes_first() -> None:
    """The timer moves to the nearer one."""

    async def scenario(deadlines: Deadlines, expired: list[int]) -> None:
        long = asyncio.create_task(work(deadlines, 60))
        await asyncio.sleep(0)
        assert await work(deadlines, 0.01)
        assert not long.done()
        long.cancel()
        assert not await long
        assert len(expired) == 1

    run(scenario)
