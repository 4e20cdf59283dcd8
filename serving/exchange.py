"""One request's bytes: its head, its body, its answer, and whether its client is still there."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol, Self

import orjson

from monitoring.tracing import Parent, read_traceparent
from serving.deadlines import Deadline, read_timeout
from serving.errors import BodyLate, ClientGone, ServewatchError

if TYPE_CHECKING:
    from serving.tracks import OpenTrack, Skipped

LINK = "serving.link"

_MOST = 2**64 - 1
_IDS = itertools.count(int.from_bytes(os.urandom(8)))
"""Each process starts at a number of its own, far from where others start."""


def new_request_id() -> bytes:
    """An id for a request whose client gave it none."""
    return b"%016x" % (next(_IDS) & _MOST)


Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Link(Protocol):
    """What a connection of ours tells the request that is worked on; other servers' requests have none."""

    late: bool
    leaving: Callable[[], None] | None

    def answer(self, scope: Any, headers_and_body: bytes, alone: bool) -> bool:
        """Answer 200 in one piece; False where that has to go through `send`."""

    def cut(self) -> None:
        """Hang up now."""


class Head:
    """What we read of a request's headers, in one pass, and what its work must know of it."""

    __slots__ = (
        "accept", "answering", "deadline", "expects", "fault", "length", "link", "media", "parameters", "parent",
        "request_id", "start", "timeout", "trace_id", "tracestate", "track",
    )  # fmt: skip

    def __init__(self, scope: Any, start: float = 0.0) -> None:
        self.start = start
        self.media = self.accept = self.fault = ""
        self.length = 0
        self.expects = self.answering = False
        self.parameters: dict[str, str] = {}
        self.request_id = self.timeout = b""
        self.trace_id: str | None = None
        self.parent: Parent | None = None
        self.tracestate = ""
        self.track: OpenTrack | Skipped | None = None
        self.deadline: Deadline | None = None
        state = scope.get("state")
        self.link: Link | None = state.get(LINK) if state else None
        for name, value in scope["headers"]:
            if name == b"content-type":
                self._content_type(value.decode("latin-1"))
            elif name == b"content-length":
                self.length = int(value[:19]) if value.isdigit() else 0
            elif name == b"expect":
                self.expects = True
            elif name == b"accept":
                self.accept = value.decode("latin-1")
            elif name == b"x-request-id":
                self.request_id = value if _printable(value) else b""
            elif name == b"traceparent":
                self._traceparent(value)
            elif name == b"tracestate":
                self.tracestate += ("," if self.tracestate else "") + value.decode("latin-1")
            elif name == b"request-timeout":
                self.timeout = value or b"nothing"
            elif name == b"x-servewatch-fault":
                self.fault = value.decode("latin-1")
        if not self.request_id:
            self.request_id = new_request_id()

    def seconds(self, limit: float | None) -> float | None:
        """How long this request may take: the client's word or the limit, whichever is less; None is for ever."""
        if not self.timeout:
            return limit
        asked = read_timeout(self.timeout)
        return asked if limit is None else min(asked, limit)

    def _traceparent(self, value: bytes) -> None:
        """The caller's trace is shown where the caller records it."""
        self.parent = read_traceparent(value.decode("latin-1"))
        if self.parent is not None and self.parent.sampled:
            self.trace_id = self.parent.trace_id

    def _content_type(self, value: str) -> None:
        media, *parameters = value.split(";")
        self.media = media.strip().lower()
        for parameter in parameters:
            key, _, text = parameter.strip().partition("=")
            self.parameters[key.lower()] = text.strip('"')


def _printable(value: bytes) -> bool:
    return 0 < len(value) <= 128 and all(33 <= byte < 127 for byte in value)


async def read_body(receive: Receive, limit: int, link: Link | None = None) -> bytes | None:
    """The whole body; None where it is over the limit: what is left of it is then thrown away."""
    message = await _receive(receive, link)
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= limit else None
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await _receive(receive, link)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            if message.get("more_body"):
                await discard_body(receive)
            return None
    return b"".join(chunks)


async def _receive(receive: Receive, link: Link | None) -> Any:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone("the client left while it sent its request")
    if link is not None and link.late and message.get("more_body"):
        raise BodyLate(
            "the body did not come in time", "send it whole and without pauses; SERVEWATCH_BODY_TIMEOUT sets the limit"
        )
    return message


async def discard_body(receive: Receive, most: int = 256 * 1024 * 1024, seconds: float = 5.0) -> bool:
    """Read a refused body to throw it away, and tell whether it ended within these bounds.

    A client that is cut off while it sends does not see its answer.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while most > 0:
                message = await receive()
                most -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return True
    return False


class Presence:
    """While a request is worked on, notices that its client leaves, and ends the work."""

    __slots__ = ("_answered", "_link", "_task", "_watch", "gone")

    def __init__(self, receive: Receive, link: Link | None = None) -> None:
        self._answered = self.gone = False
        self._task = asyncio.current_task()
        self._link = link
        self._watch: asyncio.Future[Any] | None = None if link else asyncio.ensure_future(receive())

    def __enter__(self) -> Self:
        if self._link is not None:
            self._link.leaving = self._left
        elif self._watch is not None:
            self._watch.add_done_callback(self._received)
        return self

    def _received(self, watch: asyncio.Future[Any]) -> None:
        if not watch.cancelled() and watch.exception() is None and watch.result()["type"] == "http.disconnect":
            self._left()

    def _left(self) -> None:
        if not self._answered and self._task is not None:
            self.gone = True
            self._task.cancel()

    def leave(self) -> None:
        """The answer is ready: from here on the client may leave."""
        self._answered = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._answered = True
        if self._link is not None:
            self._link.leaving = None
        elif self._watch is not None:
            self._watch.cancel()
        if self.gone and self._task is not None:
            self._task.uncancel()
            raise ClientGone("the client left before its answer was ready") from error


def answer_whole(
    scope: Any, head: Head, content: bytes, media: bytes, alone: bool, *extra: tuple[bytes, bytes]
) -> bool:
    """Give the connection an answer in one piece, where it is one of ours and takes it."""
    if head.link is None:
        return False
    more = b"".join([b"%b: %b\r\n" % line for line in extra]) if extra else b""
    first = b"content-type: %b\r\ncontent-length: %d\r\nx-request-id: %b\r\n" % (media, len(content), head.request_id)
    return head.link.answer(scope, b"%b%b\r\n%b" % (first, more, content), alone)


async def send_answer(
    send: Send, status: int, content: bytes, media: bytes, request_id: bytes, closing: bool, *extra: tuple[bytes, bytes]
) -> None:
    """Send an answer whole."""
    headers = [
        (b"content-type", media),
        (b"content-length", str(len(content)).encode()),
        (b"x-request-id", request_id),
        *extra,
    ]
    if closing:
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def send_error(send: Send, error: ServewatchError, request_id: bytes, closing: bool) -> None:
    """Send an error as JSON."""
    extra = [(name.encode(), str(value).encode()) for name, value in error.headers.items()]
    content = orjson.dumps(error.body())
    await send_answer(send, error.status, content, b"application/json", request_id, closing, *extra)
