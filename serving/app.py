"""The ASGI app: from bytes to the user's endpoint and back. The one place that counts a request's outcome."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.exceptions import HTTPException

from monitoring import Metrics
from monitoring.catalogue import requests
from serving.errors import (
    BodyTooLarge,
    ClientGone,
    InvalidInput,
    MethodNotAllowed,
    NotReady,
    RunnerFailed,
    ServewatchError,
)
from serving.exchange import Head, Presence, discard_body, read_body, send_answer, send_error
from serving.faults import Faults
from serving.lifecycle import Lifecycle
from serving.service import UNKNOWN, Endpoint
from serving.settings import Settings
from serving.types import Body

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

CODES = (200, 400, 405, 413, 415, 422, 499, 500, 503, 504)
UNKNOWN_CODES = (404, 405)
STOPPING = ("draining", "stopped")
log = logging.getLogger("serving")


class Counts:
    """The request metrics of one endpoint, bound once."""

    def __init__(self, metrics: Metrics, endpoint: str, codes: tuple[int, ...] = CODES) -> None:
        self._metrics, self._endpoint = metrics, endpoint
        self.in_progress = metrics.gauge(requests.IN_PROGRESS, endpoint=endpoint)
        self._duration = metrics.histogram(requests.DURATION, endpoint=endpoint)
        self._codes = {code: self._counter(code) for code in codes}

    def _counter(self, code: int) -> Any:
        return self._metrics.counter(requests.TOTAL, endpoint=self._endpoint, code=str(code))

    def record(self, code: int, seconds: float, trace: str | None) -> None:
        """Count one request that has ended."""
        if code not in self._codes:
            self._codes[code] = self._counter(code)
        self._codes[code].inc()
        self._duration.observe(seconds, {"trace_id": trace} if trace else None)


class Handler:
    """Serves one endpoint."""

    def __init__(self, endpoint: Endpoint, lifecycle: Lifecycle, counts: Counts, clock: Callable[[], float]) -> None:
        self.endpoint = endpoint
        self._signature = endpoint.signature
        self._lifecycle = lifecycle
        self._counts = counts
        self._clock = clock
        self._limit = lifecycle.settings.max_body_bytes
        self._faults: Faults | None = lifecycle.faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = self._clock()
        self._counts.in_progress.inc()
        head = Head(scope)
        closing = self._lifecycle.state == "draining"
        code = ClientGone.status
        try:
            code = await self._exchange(head, scope, receive, send, closing)
        except ClientGone:
            pass
        except ServewatchError as error:
            code = error.status
            error.help = error.help or f"/docs describes what {self.endpoint.path} takes"
            await send_error(send, error, head.request_id, closing)
        except HTTPException as error:
            code = error.status_code
            await send_error(send, _from_http(error), head.request_id, closing)
        except asyncio.CancelledError:
            if head.answering or self._lifecycle.state not in STOPPING:
                raise
            code = NotReady.status
            await send_error(send, NotReady("the service stopped before the answer was ready"), head.request_id, True)
        except Exception as error:
            code = RunnerFailed.status
            await send_error(send, self._failed(error, head), head.request_id, closing)
        finally:
            self._counts.in_progress.dec()
            self._counts.record(code, self._clock() - start, head.trace_id)

    async def _exchange(self, head: Head, scope: Scope, receive: Receive, send: Send, closing: bool) -> int:
        if scope["method"] != "POST":
            raise MethodNotAllowed(f"{scope['method']} {scope['path']} is not served", "use POST")
        self._lifecycle.admit()
        data = await self._read(head, receive)
        with Presence(receive) as presence:
            content, media = await self._answer(head, scope, data)
            presence.leave()
        head.answering = True
        await send_answer(send, 200, content, media, head.request_id, closing)
        return 200

    async def _read(self, head: Head, receive: Receive) -> bytes:
        """The body, if it is within the limit; a client that waits for our word before it sends gets it at once."""
        if head.length > self._limit:
            if not head.expects:
                await discard_body(receive)
            raise too_large(head.length, self._limit)
        data = await read_body(receive, self._limit)
        if data is None:
            raise too_large(head.length, self._limit)
        return data

    async def _answer(self, head: Head, scope: Scope, data: bytes) -> tuple[bytes, bytes]:
        """Decode, check, run, encode."""
        if self._faults is not None and head.fault:
            self._faults.obey(head.fault)
        value, alone = self._signature.input.decode(Body(data, head.media, head.parameters))
        query = self._read_query(scope["query_string"]) if self._signature.query else {}
        result = await self._call(value, query)
        return self._signature.output.encode(result[0] if alone else result, head.accept)

    def _call(self, value: Any, query: dict[str, Any]) -> Awaitable[Any]:
        runner = self.endpoint.runner
        if runner is None:
            answer: Awaitable[Any] = getattr(self._lifecycle.instance, self.endpoint.name)(value, **query)
            return answer
        return self._lifecycle.batchers[runner].submit(self._argument(runner, value, query))

    def _argument(self, runner: str, value: Any, query: dict[str, Any]) -> Any:
        return value if self._lifecycle.batchers[runner].runner.batch else (value, query)

    def _read_query(self, raw: bytes) -> dict[str, Any]:
        given = dict(parse_qsl(raw.decode("latin-1"), keep_blank_values=True))
        return {p.name: p.read(given) for p in self._signature.query if p.required or p.name in given}

    def _failed(self, error: Exception, head: Head) -> ServewatchError:
        log.error("%s failed on request %s", self.endpoint.path, head.request_id.decode(), exc_info=error)
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
    ) -> None:
        self.frame = frame
        self.lifecycle = lifecycle
        self.settings: Settings = lifecycle.settings
        endpoints = lifecycle.definition.endpoints
        self._handlers = {e.path: Handler(e, lifecycle, Counts(metrics, e.name), clock) for e in endpoints}
        self._unknown = Counts(metrics, UNKNOWN, UNKNOWN_CODES)
        self._clock = clock

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

        await self.frame(scope, receive, tagged)
        if status in UNKNOWN_CODES:
            self._unknown.record(status, self._clock() - start, head.trace_id)

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
