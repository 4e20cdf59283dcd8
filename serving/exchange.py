"""One request's bytes: its head, its body, its answer, and whether its client is still there."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Awaitable, Callable
from typing import Any, Self

import orjson

from serving.errors import ClientGone, ServewatchError

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})(?:-|\Z)")
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Head:
    """What we read of a request's headers, in one pass."""

    __slots__ = ("accept", "answering", "expects", "fault", "length", "media", "parameters", "request_id", "trace_id")

    def __init__(self, scope: Any) -> None:
        self.media = self.accept = self.fault = ""
        self.length = 0
        self.expects = self.answering = False
        self.parameters: dict[str, str] = {}
        self.request_id = b""
        self.trace_id: str | None = None
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
                self.trace_id = _sampled_trace(value)
            elif name == b"x-servewatch-fault":
                self.fault = value.decode("latin-1")
        if not self.request_id:
            self.request_id = os.urandom(8).hex().encode()

    def _content_type(self, value: str) -> None:
        media, *parameters = value.split(";")
        self.media = media.strip().lower()
        for parameter in parameters:
            key, _, text = parameter.strip().partition("=")
            self.parameters[key.lower()] = text.strip('"')


def _printable(value: bytes) -> bool:
    return 0 < len(value) <= 128 and all(33 <= byte < 127 for byte in value)


def _sampled_trace(value: bytes) -> str | None:
    """The trace id of a W3C traceparent, where the caller records the trace."""
    found = _TRACEPARENT.match(value)
    if found is None or not int(found[2], 16) & 1 or found[1] == b"0" * 32:
        return None
    return found[1].decode()


async def read_body(receive: Receive, limit: int) -> bytes | None:
    """The whole body; None where it is over the limit: what is left of it is then thrown away."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone("the client left while it sent its request")
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= limit else None
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone("the client left while it sent its request")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > limit:
            if message.get("more_body"):
                await discard_body(receive)
            return None
    return b"".join(chunks)


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

    __slots__ = ("_answered", "_gone", "_task", "_watch")

    def __init__(self, receive: Receive) -> None:
        self._answered = self._gone = False
        self._task = asyncio.current_task()
        self._watch = asyncio.ensure_future(receive())

    def __enter__(self) -> Self:
        self._watch.add_done_callback(self._left)
        return self

    def _left(self, watch: asyncio.Future[Any]) -> None:
        if watch.cancelled() or watch.exception() is not None or self._answered or self._task is None:
            return
        if watch.result()["type"] == "http.disconnect":
            self._gone = True
            self._task.cancel()

    def leave(self) -> None:
        """The answer is ready: from here on the client may leave."""
        self._answered = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._answered = True
        self._watch.cancel()
        if self._gone and self._task is not None:
            self._task.uncancel()
            raise ClientGone("the client left before its answer was ready") from error


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
