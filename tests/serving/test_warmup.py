from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import BaseModel

from serving import Image, NDArray, api, batched, service
from serving.types import JSON, Text
from serving.warmup import example_body, repeated, sizes

Serve = Callable[..., Any]
Rows = Annotated[np.ndarray, NDArray("float32", ("N", 3))]


class Order(BaseModel):
    count: int


@pytest.mark.parametrize(
    ("setting", "most", "rows"),
    [("off", 64, ()), ("1,max", 64, (1, 64)), ("max", 1, (1,)), ("1,8,100", 32, (1, 8, 32)), ("8,1", 8, (1, 8))],
)
def test_numbers_of_rows_are_those_that_the_method_takes(setting: str, most: int, rows: tuple[int, ...]) -> None:
    """`max` is the method's own limit, and nothing is above it."""
    assert sizes(setting, most) == rows


def test_rows_are_repeated_up_to_a_number() -> None:
    """Of an array and of a list, from the first on."""
    assert repeated(np.array([[1, 2], [3, 4]]), 3).tolist() == [[1, 2], [3, 4], [1, 2]]
    assert repeated(["a", "b"], 5) == ["a", "b", "a", "b", "a"]


@pytest.mark.parametrize(
    ("wanted", "shape", "value"),
    [
        (NDArray("float32", ("N", 3)), (1, 3), 0),
        (NDArray("int64", ("N", "T")), (1, 1), 0),
        (NDArray("float32", (2, 2), low=0.5), (2, 2), 0.5),
        (NDArray("float32", (2,), high=-1), (2,), -1),
        (NDArray("bool", ("N",)), (1,), 0),
        (Image(mode="L", size=(5, 4), array=True), (4, 5), 0),
        (Image(mode="RGB", array=True), (64, 64, 3), 0),
    ],
)
def test_an_example_is_what_its_own_type_takes(wanted: Any, shape: tuple[int, ...], value: float) -> None:
    """Zeros, or the number next to them within the bounds; a black picture: read by the type itself."""
    body = example_body(wanted)
    assert body is not None
    array, alone = wanted.decode(body)
    assert (array.shape, alone) == (shape, False)
    assert (array == value).all()


@pytest.mark.parametrize("wanted", [JSON(Order), Text(), NDArray()])
def test_of_other_types_nothing_is_guessed(wanted: Any) -> None:
    """An order that nobody placed is not made up."""
    assert example_body(wanted) is None


@service
class Model:
    """Keeps what it was called with, and on which thread."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.threads: set[str] = set()

    def note(self, name: str, what: Any) -> None:
        self.seen.append((name, what))
        self.threads.add(threading.current_thread().name)

    @batched(max_rows=8, threads=2)
    def double(self, rows):
        self.note("double", rows.shape)
        return rows * 2

    @batched(warmup=[[1.5], [2.5]], max_rows=4)
    def given(self, rows):
        self.note("given", list(rows))
        return rows

    @batched(warmup=False)
    def costly(self, rows):
        self.note("costly", rows)
        return rows

    @api
    async def predict(self, rows: Rows) -> Rows:
        return await self.double(rows)

    @api
    async def twice(self, rows: Rows) -> Rows:
        return await self.costly(await self.double(rows))

    @api(batch=True, max_rows=2)
    def bulk(self, rows: Rows) -> Rows:
        self.note("bulk", rows.shape)
        return rows

    @api(example=Order(count=3))
    def order(self, order: Order, fast: bool = False) -> int:
        self.note("order", (order.count, fast))
        return order.count

    @api
    def guess(self, order: Order) -> int:
        self.note("guess", order)
        return order.count

    @api(warmup=False)
    def quiet(self, rows: Rows) -> Rows:
        self.note("quiet", rows)
        return rows

    @api(example="a b")
    async def words(self, text: str) -> AsyncIterator[str]:
        await self.double(np.zeros((len(text), 3), np.float32))
        for word in text.split():
            self.seen.append(("word", word))
            yield word


@pytest.fixture
def live(serve: Serve) -> Any:
    return serve(Model, warmup="1,max")


def calls(live: Any, name: str) -> list[Any]:
    return [what for seen, what in live.lifecycle.instance.seen if seen == name]


def test_a_method_is_called_by_its_endpoints_and_with_each_number_of_rows_on_each_thread(live: Any) -> None:
    """One row through the endpoints (three lead there), then 8 rows; each call on both threads."""
    shapes = calls(live, "double")
    assert sorted(shapes) == sorted([(1, 3)] * 4 + [(3, 3)] * 2 + [(8, 3)] * 2)
    assert {"double-0", "double-1"} <= live.lifecycle.instance.threads
    assert calls(live, "bulk") == [(1, 3), (2, 3)]


def test_rows_that_the_owner_gives_are_taken_as_they_are(live: Any) -> None:
    """In the numbers that the setting says."""
    assert calls(live, "given") == [[[1.5]], [[1.5], [2.5], [1.5], [2.5]]]


def test_what_is_not_to_be_called_or_not_to_be_guessed_is_left_out(live: Any) -> None:
    """warmup=False, on a method and on an endpoint, and an input of JSON without an example."""
    assert [calls(live, name) for name in ("costly", "quiet", "guess")] == [[], [], []]


def test_an_example_of_the_owners_goes_to_each_thread_of_a_plain_endpoint(live: Any) -> None:
    """A plain endpoint has four threads; what the query may bring is left to its defaults."""
    assert calls(live, "order") == [(3, False)] * 4


def test_of_a_stream_one_item_is_made(live: Any) -> None:
    """Then it is closed."""
    assert calls(live, "word") == ["a"]


def test_no_warm_up_call_is_counted(live: Any) -> None:
    """After the start every counter of requests, batches and rows is at 0."""
    for name in ("double", "given", "bulk", "order"):
        assert live.value("servewatch_runner_duration_seconds_count", runner=name) == 0
        assert live.value("servewatch_runner_batch_size_count", runner=name) == 0
        assert live.value("servewatch_runner_requests_total", runner=name, outcome="ok") == 0
    assert live.count(200, "predict") == 0
    assert live.post("/predict", [[1, 2, 3]]).json() == [[2, 4, 6]]
    assert live.value("servewatch_runner_batch_size_sum", runner="double") == 1


def test_without_the_setting_nothing_is_called(serve: Serve) -> None:
    """SERVEWATCH_WARMUP=off."""
    assert serve(Model, warmup="off").lifecycle.instance.seen == []


@service
class Fragile:
    """Fails on zeros, in several ways."""

    @batched(max_rows=4)
    def inverse(self, rows):
        if not rows.all():
            raise SystemExit("division by zero")
        return 1 / rows

    @api
    async def predict(self, rows: Rows) -> Rows:
        return await self.inverse(rows)

    @api(batch=True)
    def strict(self, rows: Rows) -> Rows:
        raise ValueError("no zeros here")


def test_a_warm_up_that_fails_does_not_keep_the_service_from_starting(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """What happened is in the log, with what to do about it, and requests are served."""
    live = serve(Fragile, warmup="1,max")
    assert live.post("/predict", [[1, 2, 4]]).json() == [[1, 0.5, 0.25]]
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert any("warm-up call of /predict failed" in text and "division by zero" in text for text in told)
    assert any("warm-up call of /strict failed" in text and "ValueError: no zeros here" in text for text in told)
    *each, whole = told
    assert all("@api(example=...)" in text and "test_warmup.py:" in text for text in each)
    assert whole.startswith("warmed up with 0 of 4 calls in ")
    assert whole.endswith("/predict, /strict, 'inverse' with 4 rows, 'strict' with 64 rows")


def test_a_warm_up_that_works_says_how_many_calls_it_made(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """And nothing about failures; an endpoint that is left out is no call."""
    with caplog.at_level(logging.INFO):
        serve(Model, warmup="1,max")
    (told,) = [text for text in caplog.messages if text.startswith("warmed up with ")]
    assert told.startswith("warmed up with 8 calls in ")


@service
class Forgetful:
    """Its endpoint does not await what it answers, and its text is in two lines."""

    @batched
    def double(self, rows):
        return rows * 2

    @api
    async def predict(self, rows: Rows) -> Rows:
        return self.double(rows)

    @api
    async def lines(self, rows: Rows) -> Rows:
        await self.double(rows)
        raise ValueError("one line,\nand another")


def test_the_reason_of_a_warm_up_that_fails_is_one_line(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """An answer that was not awaited is told as such."""
    serve(Forgetful, warmup="1")
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told[0].endswith("without it: /predict returned a coroutine: did it forget `await self.double(...)`?")
    assert "ValueError: one line, and another. @api" in told[1]
    assert told[2].startswith("warmed up with 0 of 2 calls in ")


@service
class Held:
    """Its first call takes until it is let go."""

    go = threading.Event()

    @api(batch=True)
    def double(self, rows: Rows) -> Rows:
        if not self.go.wait(10):
            raise TimeoutError
        return rows * 2


def test_the_service_is_not_ready_before_the_warm_up_has_ended(serve: Serve, eventually: Any) -> None:
    """Readiness says what is being called; afterwards requests are welcome."""
    Held.go.clear()
    live = serve(Held, ready=False, warmup="1")
    reason = "the model is warming up: /double"
    eventually(lambda: live.get("/readyz").error["message"] == reason)
    assert live.post("/double", [[1, 2, 3]]).error["message"] == reason
    Held.go.set()
    eventually(lambda: live.get("/readyz").status == 200)
    assert live.post("/double", [[1, 2, 3]]).json() == [[2, 4, 6]]


def test_a_service_that_is_stopped_while_it_warms_up_ends_without_error(serve: Serve, eventually: Any) -> None:
    """The runner's thread is let go, too."""
    Held.go.clear()
    live = serve(Held, ready=False, warmup="1")
    eventually(lambda: live.lifecycle.reason == "the model is warming up: /double")
    live.server.should_exit = True
    Held.go.set()
    live.thread.join(timeout=5)
    assert not live.thread.is_alive()
    assert live.lifecycle.error is None


@service
class Whole:
    """What it takes has no rows that could be repeated."""

    @api(batch=True, example={"a": 1})
    def predict(self, given: dict[str, int]) -> list[int]:
        return list(given.values())


def test_an_example_that_has_no_rows_does_not_keep_the_service_from_starting(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """It is a failure of the warm-up like any other."""
    assert serve(Whole, warmup="4").lifecycle.state == "ready"
    assert any("the warm-up call of 'predict' with 4 rows failed" in text for text in caplog.messages)


@service
class Short:
    """Answers one row, whatever it gets."""

    @batched(max_rows=4)
    def first(self, rows):
        return rows[:1]

    @api
    async def predict(self, rows: Rows) -> Rows:
        return await self.first(rows)


def test_a_wrong_number_of_rows_comes_out_before_the_first_batch(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    """One row is answered by one, which is right; of four the warm-up tells, and of no example that would help."""
    serve(Short, warmup="1,max")
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told[0].endswith("'first' was given 4 rows and answered 1 rows")
    assert told[1].startswith("warmed up with 1 of 2 calls in ")
