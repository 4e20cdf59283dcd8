from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import numpy as np
import pytest

from serving import Image, NDArray, api, batched, service
from serving.unwritten import hint

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 3))]
ROWS = [[1, 2, 3], [4, 5, 6]]


@service
class Forgetful:
    """Forgets to await, to answer, or what an answer may be."""

    @batched
    def double(self, rows):
        return rows * 2

    @batched
    def short(self, rows):
        return rows[:1]

    def helped(self, rows: Any) -> Any:
        return self.double(rows)

    async def later(self, rows: Any) -> Any:
        return rows

    @api
    async def array(self, rows: Rows) -> Rows:
        return self.double(rows)

    @api
    async def text(self, rows: Rows) -> str:
        return self.double(rows)

    @api
    async def bare(self, rows: Rows) -> bytes:
        return self.double(rows)

    @api
    async def picture(self, rows: Rows) -> Annotated[Any, Image()]:
        return self.double(rows)

    @api
    async def own(self, rows: Rows) -> list[list[float]]:
        return self.later(rows)

    @api
    def threaded(self, rows: Rows) -> Rows:
        return self.helped(rows)

    @api
    async def within(self, rows: Rows) -> dict[str, Any]:
        return {"rows": self.double(rows)}

    @api
    async def used(self, rows: Rows) -> Rows:
        return self.double(rows).tolist()

    @api
    def used_threaded(self, rows: Rows) -> Rows:
        return self.helped(rows)[0]

    @api
    async def nested(self, rows: Rows) -> Rows:
        return await self.double(self.double(rows))

    @api
    async def named(self, rows: Rows) -> Rows:
        return await self.double(rows=rows)

    @api
    async def stream(self, rows: Rows) -> AsyncIterator[list[float]]:
        yield self.double(rows)

    @api
    async def stream_text(self, rows: Rows) -> AsyncIterator[str]:
        yield self.double(rows)

    @api
    async def nothing(self, rows: Rows) -> Rows:
        await self.double(rows)

    @api
    async def no_text(self, rows: Rows) -> str:
        await self.double(rows)

    @api
    async def number(self, rows: Rows) -> bytes:
        return len(rows)

    @api
    async def ragged(self, rows: Rows) -> Rows:
        return [[1], [1, 2]]

    @api
    async def no_picture(self, rows: Rows) -> Annotated[Any, Image()]:
        return rows.astype(str)

    @api
    async def of_class(self, rows: Rows) -> Rows:
        return await Forgetful.double(self, rows)

    @api
    async def counts(self, rows: Rows) -> dict:
        return {1: "secret"}

    @api
    async def fewer(self, rows: Rows) -> Rows:
        return await self.short(rows)

    @api
    async def fine(self, rows: Rows) -> Rows:
        return await self.double(rows)


@pytest.fixture
def live(serve: Callable[..., Any]) -> Any:
    return serve(Forgetful)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]


@pytest.mark.parametrize(
    ("path", "kind", "help"),
    [
        ("/array", "Future", "did it forget `await self.double(...)`?"),
        ("/text", "Future", "did it forget `await self.double(...)`?"),
        ("/bare", "Future", "did it forget `await self.double(...)`?"),
        ("/picture", "Future", "did it forget `await self.double(...)`?"),
        ("/own", "coroutine", "did it forget `await ...`?"),
        ("/threaded", "Future", "a plain def cannot await it: make it an async def, and await what it calls"),
    ],
)
def test_an_answer_that_nobody_awaited_is_named(
    live: Any, caplog: pytest.LogCaptureFixture, path: str, kind: str, help: str
) -> None:
    """Whatever the endpoint was to answer; the log says it in one line, and the service goes on."""
    answer = live.post(path, ROWS, x_request_id="my-id")
    assert (answer.status, answer.error["message"], answer.error["help"]) == (500, f"{path} returned a {kind}", help)
    assert errors(caplog) == [f"{path} returned a {kind} on request my-id: {help}"]
    assert live.post("/fine", ROWS).json() == [[2, 4, 6], [8, 10, 12]]


@pytest.mark.parametrize("path", ["/within", "/used", "/used_threaded", "/stream"])
def test_a_failure_of_what_nobody_awaited_has_a_hint_in_the_log(
    live: Any, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """Where it is a part of the answer, or is used as if it were rows."""
    assert live.post(path, ROWS).status == 500
    (told,) = errors(caplog)
    assert "was `await` forgotten before a @batched method?" in told


def test_a_batched_method_of_the_class_is_told(live: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Only that of the service, `self`, leads to the queue."""
    assert live.post("/of_class", ROWS).status == 500
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "Forgetful.double is @batched: write await self.double(rows)"


def test_rows_with_a_name_are_told(live: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A batched method is called with them alone, in a server and without one."""
    assert live.post("/named", ROWS).status == 500
    assert "called with the rows alone, and without their name" in errors(caplog)[0]
    with pytest.raises(TypeError, match="positional-only"):
        asyncio.run(Forgetful().named(np.zeros((1, 3))))


def test_rows_that_nobody_awaited_are_named(live: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A batched method that is given what another one was asked for; the log has it, too."""
    error = live.post("/nested", ROWS).error
    assert errors(caplog) == ["'double' takes rows (an array or a list), got Future: await it before"]
    assert (error["message"], error["help"]) == (
        "'double' takes rows (an array or a list), got Future",
        "await it before",
    )


def test_a_text_that_nobody_awaited_is_not_streamed(live: Any) -> None:
    """Its description is not what the client asked for."""
    assert live.post("/stream_text", ROWS).status == 500


@pytest.mark.parametrize(
    ("path", "message", "reason"),
    [
        ("/nothing", "answered a NoneType that cannot be written as application/json", "a NoneType came"),
        ("/no_text", "answered a NoneType that cannot be written as text/plain", "a NoneType is no text"),
        ("/number", "answered an int that cannot be written as application/octet-stream", "an int is no bytes"),
        ("/ragged", "answered a list that cannot be written as application/json", "inhomogeneous shape"),
        ("/no_picture", "answered an ndarray that cannot be written as image/png", "TypeError"),
        ("/counts", "answered a dict that cannot be written as application/json", "Dict key must be str"),
    ],
)
def test_an_answer_that_cannot_be_written_is_told(
    live: Any, caplog: pytest.LogCaptureFixture, path: str, message: str, reason: str
) -> None:
    """What it was goes to the client, and why that is none to the log, in one line."""
    answer = live.post(path, ROWS)
    assert (answer.status, answer.error["message"]) == (500, f"{path} {message}")
    (told,) = errors(caplog)
    assert told.startswith(f"{path} {message} on request ")
    assert reason in told
    assert "\n" not in told


def test_a_batch_of_too_few_rows_is_in_the_log(live: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The client cannot do anything about it."""
    assert live.post("/fewer", ROWS).error["message"] == "'short' was given 2 rows and answered 1 rows"
    assert errors(caplog) == ["'short' was given 2 rows and answered 1 rows"]


def test_errors_about_other_things_have_no_hint() -> None:
    """It is for those that name a future, a task or a coroutine."""
    assert hint(TypeError("'_asyncio.Future' object is not subscriptable")).startswith(" (a Future is not")
    assert hint(AttributeError("'coroutine' object has no attribute 'mean'")).startswith(" (a coroutine is not")
    assert hint(TypeError("'FutureModel' object is not callable")) == ""
    assert hint(KeyError("Future")) == ""
    assert hint(asyncio.CancelledError("Task")) == ""
