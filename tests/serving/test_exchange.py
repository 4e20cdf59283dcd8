from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from serving.errors import ClientGone, QueueFull
from serving.exchange import Head, Presence, discard_body, read_body, send_answer, send_error

TRACE = b"4bf92f3577b34da6a3ce929d0e0e4736"
GONE = {"type": "http.disconnect"}


def head(**headers: str) -> Head:
    return Head({"headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]})


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def source(*messages: dict[str, Any]) -> Callable[[], Awaitable[Any]]:
    """A receive that gives these messages, and then waits for ever."""
    left = list(messages)

    async def receive() -> Any:
        if left:
            return left.pop(0)
        return await asyncio.get_running_loop().create_future()

    return receive


@pytest.mark.parametrize(
    ("text", "media", "parameters"),
    [
        ("application/json", "application/json", {}),
        ("Application/JSON; charset=UTF-8", "application/json", {"charset": "UTF-8"}),
        ('multipart/form-data; boundary="a b"', "multipart/form-data", {"boundary": "a b"}),
        ("multipart/form-data;Boundary=XyZ;", "multipart/form-data", {"boundary": "XyZ", "": ""}),
        ("", "", {}),
    ],
)
def test_the_content_type_is_read(text: str, media: str, parameters: dict[str, str]) -> None:
    """The media type in lower case, its parameters as they are."""
    read = head(content_type=text)
    assert (read.media, read.parameters) == (media, parameters)


def test_a_callers_request_id_is_kept() -> None:
    """X-Request-Id is the caller's where it can be printed."""
    assert head(x_request_id="abc-1").request_id == b"abc-1"


@pytest.mark.parametrize("value", ["", "a b", "a\tb", "\x7f", "é", "x" * 129])
def test_a_request_id_that_cannot_be_printed_is_replaced(value: str) -> None:
    """Spaces, control characters and long texts do not come back, nor into the log."""
    assert len(head(x_request_id=value).request_id) == 16


def test_new_request_ids_differ() -> None:
    """Without one, each request gets its own."""
    assert len({head().request_id for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("value", "trace"),
    [
        (b"00-" + TRACE + b"-00f067aa0ba902b7-01", TRACE.decode()),
        (b"00-" + TRACE + b"-00f067aa0ba902b7-03", TRACE.decode()),
        (b"01-" + TRACE + b"-00f067aa0ba902b7-01-more", TRACE.decode()),
        (b"00-" + TRACE + b"-00f067aa0ba902b7-00", None),
        (b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", None),
        (b"00-0x" + TRACE[2:] + b"-00f067aa0ba902b7-01", None),
        (b"00-" + b"1_" * 16 + b"-00f067aa0ba902b7-01", None),
        (b"00-" + TRACE + b"-00f067aa0ba902b7-01x", None),
        (b"nonsense", None),
        (b"\xff\xfe", None),
    ],
)
def test_the_trace_of_a_sampled_request_is_read(value: bytes, trace: str | None) -> None:
    """Only a well-formed traceparent whose caller records the trace gives an exemplar."""
    assert Head({"headers": [(b"traceparent", value)]}).trace_id == trace


@pytest.mark.parametrize(("value", "least"), [("12", 12), ("", 0), ("-1", 0), ("x", 0), ("9" * 5000, 10**18)])
def test_no_content_length_is_an_error_of_ours(value: str, least: int) -> None:
    """A length that is no number counts as none; one beyond all numbers stays large."""
    assert head(content_length=value).length >= least


def test_a_body_is_read_whole_in_one_piece_or_many() -> None:
    """Pieces are joined, in order, up to the limit."""
    assert asyncio.run(read_body(source(piece(b"abc", False)), 3)) == b"abc"
    assert asyncio.run(read_body(source(piece(b"a"), piece(b""), piece(b"bc", False)), 3)) == b"abc"
    assert asyncio.run(read_body(source({"type": "http.request"}), 3)) == b""


def test_a_body_over_the_limit_is_not_read_further() -> None:
    """Reading ends with the last piece, or the rest is thrown away: it never waits for what will not come."""
    assert asyncio.run(read_body(source(piece(b"abcd", False)), 3)) is None
    assert asyncio.run(read_body(source(piece(b"ab"), piece(b"cd", False)), 3)) is None
    assert asyncio.run(read_body(source(piece(b"ab"), piece(b"cd"), piece(b"e", False)), 3)) is None


@pytest.mark.parametrize("messages", [(GONE,), (piece(b"a"), GONE)])
def test_a_client_that_leaves_while_it_sends_is_gone(messages: tuple[Any, ...]) -> None:
    """Half a body is no body."""
    with pytest.raises(ClientGone):
        asyncio.run(read_body(source(*messages), 3))


def test_a_refused_body_is_thrown_away_within_bounds() -> None:
    """Discarding ends with the body, with the client, after so many bytes, or after so long."""
    assert asyncio.run(discard_body(source(piece(b"a"), piece(b"b", False)))) is True
    assert asyncio.run(discard_body(source(piece(b"a"), GONE))) is True
    assert asyncio.run(discard_body(source(piece(b"abc")), most=2)) is False
    assert asyncio.run(discard_body(source(piece(b"a")), seconds=0.01)) is False


def work(receive: Callable[[], Awaitable[Any]], task: Callable[[], Awaitable[Any]], after: Any = None) -> Any:
    async def main() -> Any:
        with Presence(receive) as presence:
            result = await task()
            presence.leave()
        if after is not None:
            await after()
        return result

    return asyncio.run(main())


async def nothing() -> str:
    for _ in range(3):
        await asyncio.sleep(0)
    return "done"


async def for_ever() -> None:
    await asyncio.get_running_loop().create_future()


def test_work_ends_when_its_client_leaves() -> None:
    """A request that would wait for ever ends as ClientGone."""
    with pytest.raises(ClientGone, match="left before its answer was ready"):
        work(source(GONE), for_ever)


def test_work_whose_client_stays_is_left_alone() -> None:
    """The answer comes back, and nothing waits for the client any more."""
    assert work(source(), nothing, nothing) == "done"


def test_a_further_piece_of_body_is_not_a_client_that_leaves() -> None:
    """Only a disconnect ends the work: some servers send an empty last piece."""
    assert work(source(piece(b"", False)), nothing, nothing) == "done"


def test_an_error_of_the_work_passes() -> None:
    """What the work raises comes through."""

    async def fail() -> None:
        raise QueueFull("full")

    with pytest.raises(QueueFull):
        work(source(), fail)


def test_user_code_that_swallows_the_cancellation_still_ends_as_gone() -> None:
    """An endpoint that catches CancelledError does not turn a lost client into a success."""

    async def stubborn() -> str:
        try:
            await for_ever()
        except asyncio.CancelledError:
            return "answer"
        return "never"

    with pytest.raises(ClientGone):
        work(source(GONE), stubborn)


def sent(send: Callable[[Any], Awaitable[None]]) -> list[Any]:
    messages: list[Any] = []

    async def collect(message: Any) -> None:
        messages.append(message)

    asyncio.run(send(collect))
    return messages


def test_an_answer_has_its_length_its_id_and_its_type() -> None:
    """Whole answers only: a start with the length, one body."""
    start, body = sent(lambda send: send_answer(send, 200, b"abc", b"text/plain", b"id-1", False))
    assert dict(start["headers"]) == {b"content-type": b"text/plain", b"content-length": b"3", b"x-request-id": b"id-1"}
    assert body == {"type": "http.response.body", "body": b"abc"}


def test_a_closing_answer_asks_the_client_to_go() -> None:
    """While draining, answers carry Connection: close."""
    start, _ = sent(lambda send: send_answer(send, 200, b"", b"text/plain", b"i", True))
    assert (b"connection", b"close") in start["headers"]


def test_an_error_is_json_with_its_own_headers() -> None:
    """Status, body and headers are the error's."""
    start, body = sent(lambda send: send_error(send, QueueFull("full", "wait"), b"i", False))
    assert start["status"] == 503
    assert (b"retry-after", b"1") in start["headers"]
    assert orjson.loads(body["body"])["error"]["code"] == "queue_full"
