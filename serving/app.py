"""The ASGI app: from bytes to the user's endpoint and back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from monitoring import Metrics
from serving.counts import Counts
from serving.deadlines import Deadlines
from serving.door import Door
from serving.errors import (
    BodyTooLarge,
    ClientGone,
    InvalidInput,
    MethodNotAllowed,
    NotReady,
    RunnerFailed,
    ServewatchError,
)
from serving.exchange import Head, Presence, answer_whole, discard_body, read_body, send_answer, send_error
from serving.faults import Faults
from serving.lifecycle import Lifecycle
from serving.outbox import Outbox
from serving.room import Room
from serving.service import UNKNOWN, Endpoint
from serving.settings import Settings
from serving.streaming import Pipe, StreamAnswer
from serving.types import Body
from serving.unwritten import Unwritten, hint, unwritten
from serving.watching import has_rows

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

UNKNOWN_CODES = (404, 405)
STOPPING = ("draining", "stopped")
log = logging.getLogger("serving")


class Handler:
    """Serves one endpoint."""

    def __init__(self, endpoint: Endpoint, lifecycle: Lifecycle, counts: Counts, deadlines: Deadlines) -> None:
        self.endpoint = endpoint
        self._signature = endpoint.signature
        self._apart = endpoint.signature.input.apart
        self._lifecycle = lifecycle
        self._counts = counts
        self._deadlines = deadlines
        self._clock = deadlines.clock
        self._limit = lifecycle.settings.max_body_bytes
        self._seconds = (lifecycle.settings.request_timeout if endpoint.timeout is None else endpoint.timeout) or None
        self._faults: Faults | None = lifecycle.faults
        self.room = Room(endpoint, lifecycle, counts)
        self.door: Door
        self._desk = lifecycle.desk if lifecycle.desk else None
        self._alone = bool(endpoint.watch) and not has_rows(endpoint.signature)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = self._clock()
        self._counts.open += 1
        head = Head(scope, start)
        if (tracks := self._lifecycle.tracks) is not None:
            tracks.begin(head, f"POST {self.endpoint.path}", self.endpoint.name)
        closing = self._lifecycle.state == "draining"
        code = ClientGone.status
        try:
            if (seconds := head.seconds(self._seconds)) is not None:
                head.deadline = self._deadlines.begin(start, seconds)
            code = await self._exchange(head, scope, receive, send, closing)
        except ClientGone:
            pass
        except (Exception, asyncio.CancelledError) as error:
            shown = self._explain(error, head)
            code = shown.status
            await send_error(send, shown, head.request_id, closing or self._lifecycle.state in STOPPING)
            del shown  # in a frame of its own traceback it would be garbage, and the request's body with it
        finally:
            if head.deadline is not None:
                head.deadline.end()
            self._counts.open -= 1
            seconds = self._clock() - head.start
            self._counts.record(code, seconds, head.trace_id)
            if head.track is not None:
                head.track.end(code, seconds)

    async def _exchange(self, head: Head, scope: Scope, receive: Receive, send: Send, closing: bool) -> int:
        if scope["method"] != "POST":
            raise MethodNotAllowed(f"{scope['method']} {scope['path']} is not served", "use POST")
        self._lifecycle.admit()
        self._demand_room()
        began = self._clock()
        try:
            data = await self._read(head, receive)
        finally:
            head.start += self._clock() - began  # what a client takes to send is no time of ours
        respond = self._respond if self._signature.stream is None else self._stream
        return await respond(head, scope, receive, send, data, closing)

    async def _respond(self, head: Head, scope: Scope, receive: Receive, send: Send, data: bytes, closing: bool) -> int:
        calls = self._desk.begin() if self._desk is not None else None
        with Presence(receive, head.link) as presence:
            content, media = await self._answer(head, scope, data)
            presence.leave()
        self._settle(head)
        ids = self._desk.headers(calls) if self._desk is not None and calls else ()
        if closing or not answer_whole(scope, head, content, media, self._counts.open == 1, *ids):
            await send_answer(send, 200, content, media, head.request_id, closing, *ids)
        return 200

    async def _stream(self, head: Head, scope: Scope, receive: Receive, send: Send, data: bytes, closing: bool) -> int:
        """Send what the endpoint yields, item by item; what goes wrong after the first ends the answer."""
        value, _, query = await self._decode(head, scope, data)
        answer = StreamAnswer(send, self._signature.framing(head.accept), head.request_id, closing)
        try:
            with Presence(receive, head.link) as presence:
                async with contextlib.aclosing(self._items(value, query)) as items:
                    async for item in items:
                        if presence.gone or (head.deadline is not None and head.deadline.passed):
                            break
                        await answer.send(item)
                        if answer.items == 1:
                            self._counts.first_chunk(self._clock() - head.start)
                presence.leave()
            self._settle(head)
            await answer.end()
        except ClientGone:
            raise
        except (Exception, asyncio.CancelledError) as error:
            if not answer.items:
                raise
            shown = self._explain(error, head)
            await answer.fail(shown, head.link)
            status = shown.status
            del shown  # as above
            return status
        return 200

    def _settle(self, head: Head) -> None:
        """From here on the answer is sent, whatever its deadline."""
        if head.deadline is not None:
            head.deadline.end()
            if head.deadline.passed:
                raise head.deadline.error()
        head.answering = True

    def _demand_room(self) -> None:
        """Where there is no room, say so before the body is read and decoded; the door does so from now on."""
        if self.room.crowded():
            tracks = self._lifecycle.tracks
            if tracks is None or tracks.access is None:  # else each request has its line in the log
                self.door.shut(traced=tracks is not None and tracks.tracing is not None)
            raise self.room.shed()

    def _explain(self, error: BaseException, head: Head) -> ServewatchError:
        """What the client is told; what is not ours to answer is raised again."""
        if head.track is not None:
            head.track.fail(error)
        if head.deadline is not None:
            head.deadline.end()
            if head.deadline.passed and not head.answering:
                return head.deadline.error()
        if isinstance(error, Unwritten):
            log.error("%s on request %s: %s", error.message, head.request_id.decode(), error.reason)
        if isinstance(error, ServewatchError):
            error.help = error.help or f"/docs describes what {self.endpoint.path} takes"
            return error
        if isinstance(error, HTTPException):
            return _from_http(error)
        if isinstance(error, Exception):
            return self._failed(error, head)
        if head.answering or self._lifecycle.state not in STOPPING:
            raise error
        return NotReady("the service stopped before the answer was ready")

    async def _read(self, head: Head, receive: Receive) -> bytes:
        """The body, if it is within the limit; a client that waits for our word before it sends gets it at once."""
        if head.length > self._limit:
            if not head.expects:
                await discard_body(receive)
            raise too_large(head.length, self._limit)
        data = await read_body(receive, self._limit, head.link)
        if data is None:
            raise too_large(head.length, self._limit)
        return data

    async def _decode(self, head: Head, scope: Scope, data: bytes) -> tuple[Any, bool, dict[str, Any]]:
        """The request's value, whether it is one row alone, and what came in the query."""
        if self._faults is not None and head.fault:
            self._faults.obey(head.fault)
        body, decode = Body(data, head.media, head.parameters), self._signature.input.decode
        if len(data) < self._apart:
            value, alone = decode(body)
        else:
            value, alone = await asyncio.get_running_loop().run_in_executor(None, decode, body)
        return value, alone, self._read_query(scope["query_string"]) if self._signature.query else {}

    async def _answer(self, head: Head, scope: Scope, data: bytes) -> tuple[bytes, bytes]:
        """Decode, check, run, encode."""
        value, alone, query = await self._decode(head, scope, data)
        result = await self._call(value, query)
        try:
            answer = self._signature.output.encode(result[0] if alone else result, head.accept)
        except Exception as error:
            raise unwritten(self.endpoint, result, error) from error
        if self.endpoint.watch:
            self._lifecycle.watching.observe(self.endpoint.name, self._signature, value, result)
        if self._desk is not None:
            self._desk.note(self.endpoint.name, result, self._alone)
        return answer

    def _call(self, value: Any, query: dict[str, Any]) -> Awaitable[Any]:
        runner = self.endpoint.runner
        if runner is None:
            answer: Awaitable[Any] = getattr(self._lifecycle.instance, self.endpoint.name)(value, **query)
            return answer
        return self._lifecycle.batchers[runner].submit(self._argument(runner, value, query))

    def _items(self, value: Any, query: dict[str, Any]) -> AsyncGenerator[Any, None]:
        """What the endpoint yields; a plain generator does so on its runner's thread."""
        runner = self.endpoint.runner
        if runner is None:
            items: AsyncGenerator[Any, None] = getattr(self._lifecycle.instance, self.endpoint.name)(value, **query)
            return items
        pipe = Pipe(asyncio.get_running_loop())
        return pipe.items(self._lifecycle.batchers[runner].submit((value, query, pipe)))

    def _argument(self, runner: str, value: Any, query: dict[str, Any]) -> Any:
        return value if self._lifecycle.batchers[runner].runner.batch else (value, query)

    def _read_query(self, raw: bytes) -> dict[str, Any]:
        given = dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))
        return {p.name: p.read(given) for p in self._signature.query if p.required or p.name in given}

    def _failed(self, error: Exception, head: Head) -> ServewatchError:
        log.error(
            "%s failed on request %s%s", self.endpoint.path, head.request_id.decode(), hint(error), exc_info=error
        )
        return RunnerFailed(
            f"{self.endpoint.path} failed: {type(error).__name__}",
            f"the service's log has the traceback, under request {head.request_id.decode()}",
        )


def too_large(length: int, limit: int) -> BodyTooLarge:
    """The error for a body over the limit."""
    came = f"a body of {length} bytes" if length > limit else f"a body that goes on after {limit} bytes"
    return BodyTooLarge(f"got {came}, at most {limit} are taken", "the service's SERVEWATCH_MAX_BODY_BYTES sets it")


def _from_http(error: HTTPException) -> ServewatchError:
    shown: ServewatchError = InvalidInput(str(error.detail))
    shown.status, shown.headers = error.status_code, dict(error.headers or {})
    shown.code = "http_error"
    return shown


class App:
    """The whole service: its endpoints, and for every other route the frame (FastAPI)."""

    def __init__(
        self,
        frame: ASGIApp,
        lifecycle: Lifecycle,
        metrics: Metrics,
        clock: Callable[[], float] = time.perf_counter,
        template: Callable[[str, str], str] = lambda method, path: "",
    ) -> None:
        """`template` tells the user's own route that takes a method and a path; nothing where that is none."""
        self.frame, self._template = frame, template
        self.lifecycle = lifecycle
        self.settings: Settings = lifecycle.settings
        endpoints = lifecycle.definition.endpoints
        deadlines = Deadlines(clock, self._expired)
        counts = {e.path: Counts(metrics, e.name, streams=e.signature.stream is not None) for e in endpoints}
        self._handlers = {e.path: Handler(e, lifecycle, counts[e.path], deadlines) for e in endpoints}
        self.door = Door({path: handler.room for path, handler in self._handlers.items()}, clock)
        self.outbox = Outbox()
        for handler in self._handlers.values():
            handler.door = self.door
        self._unknown = Counts(metrics, UNKNOWN, UNKNOWN_CODES)
        self._clock = clock

    def _expired(self) -> None:
        for batcher in self.lifecycle.batchers.values():
            batcher.sweep_soon()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            handler = self._handlers.get(scope["path"])
            await (handler or self._frame)(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self.frame(scope, receive, send)

    async def _frame(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every other route: give its answer the request's id, and count it if there is no such route."""
        start, head = self._clock(), Head(scope)
        closing = self.lifecycle.state == "draining"
        status = ClientGone.status

        async def tagged(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                extra = [(b"x-request-id", head.request_id), *([(b"connection", b"close")] if closing else [])]
                message = {**message, "headers": [*message.get("headers", []), *extra]}
            await send(message)

        if (tracks := self.lifecycle.tracks) is not None:
            tracks.route(head, scope, self._template(scope["method"], scope["path"]))
        try:
            await self.frame(scope, receive, tagged)
        except BaseException as error:
            if head.track is not None:
                head.track.fail(error)
            raise
        finally:
            seconds = self._clock() - start
            if head.track is not None:
                head.track.end(status, seconds)
        if status in UNKNOWN_CODES:
            self._unknown.record(status, seconds, head.trace_id)
            if tracks is not None and head.track is None:
                tracks.tell(head, UNKNOWN, status, seconds)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.lifecycle.begin()
        await send({"type": "lifespan.startup.complete"})
        try:
            await receive()
        except asyncio.CancelledError:  # ended by force: nobody waits for what we would say
            return
        await self.lifecycle.end()
        await send({"type": "lifespan.shutdown.complete"})
