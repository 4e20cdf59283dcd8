"""Connections of slow and rude clients: uvicorn's protocol, with limits of time and size for what a client sends.

Nothing here is timed per connection. Now and then all connections are looked at, and each remembers since when it
has been in the state that it is in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from serving.door import Door
from serving.errors import HeadTooLarge, InvalidInput, QueueFull, ServewatchError
from serving.exchange import LINK
from serving.outbox import Outbox

MAX_HEAD = 64 * 1024
LEAST_RATE = 10_000
State = Literal["head", "body", "work", "idle"]


class _Opening:
    """How every answer of one status begins: its line, and the server's own headers, made anew when the date is."""

    def __init__(self, status: int) -> None:
        self._line = STATUS_LINE[status]
        self._headers: list[tuple[bytes, bytes]] | None = None
        self._bytes = b""

    def __call__(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        if headers is not self._headers:  # uvicorn makes another list each second
            self._headers = headers
            self._bytes = b"".join([self._line, *(b"%b: %b\r\n" % header for header in headers)])
        return self._bytes


_ANSWER, _REFUSAL = _Opening(200), _Opening(QueueFull.status)


class Connection(HttpToolsProtocol):
    """One client's. A request finds it in its scope's state, as a `serving.exchange.Link`."""

    late = False
    leaving: Callable[[], None] | None = None
    _earlier: Sequence[RequestResponseCycle] = ()
    _head = _came = 0
    _seen: tuple[State, Any] | None = None
    _since = _moved = 0.0
    _moved_at: tuple[int, int] = (0, 0)

    _held = _spoke = False
    _later = b""
    _unsent = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there."""
        super().connection_made(transport)
        self._door: Door | None = getattr(self.app, "door", None)
        self._outbox: Outbox | None = getattr(self.app, "outbox", None)

    def on_message_begin(self) -> None:
        """A request begins: it gets to know us."""
        super().on_message_begin()
        if self.cycle is not None and not self.cycle.response_complete:
            self._earlier = [*(one for one in self._earlier if not one.response_complete), self.cycle]
        self.scope["state"][LINK] = self
        self.late = False

    def on_body(self, body: bytes) -> None:
        """Some of a body came."""
        self._came += len(body)
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        """Some bytes came: of a head there may be so many and no more."""
        if self._held:
            self._later += data
            self.flow.pause_reading()
            return
        if self._door is not None and not self._door.open and self._is_free() and self._door.refuses(self, data):
            self._held = self._spoke = True
            self._seen = None  # it waits for us, and has all of its time when it has been answered
            self._unset_keepalive_if_required()
            return
        super().data_received(data)
        if self._in_head():
            self._head += len(data)
            if self._head > MAX_HEAD and not self.transport.is_closing():
                self._refuse(HeadTooLarge(f"the request's head goes on after {MAX_HEAD} bytes", "send fewer headers"))
        else:
            self._head = 0

    def _is_free(self) -> bool:
        """Whether it can be told something at once: nothing else is to be told, and it listens."""
        return self._is_idle() and not self.flow.write_paused

    def _is_idle(self) -> bool:
        """Whether nothing of a request has come yet."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None:
            return self.scope is None
        return cycle.response_complete and self.scope is cycle.scope and not cycle.more_body and not self._head

    @property
    def silent(self) -> bool:
        """Whether it has not begun a request yet."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None and self._is_idle() and not self._spoke

    @property
    def gone(self) -> bool:
        """Whether nobody would hear an answer."""
        return self.transport.is_closing()

    def answer(self, scope: Any, headers_and_body: bytes, alone: bool) -> bool:
        """Write a whole answer to this request: most need not go through the server's own steps.

        It goes at once where this request is `alone`, else together with others. False, and nothing is written, where
        something is in the way: a client that has left or reads slowly, that goes after this answer, or has sent more
        requests.
        """
        cycle: RequestResponseCycle = self.cycle
        if cycle.scope is not scope or cycle.response_started or cycle.disconnected:
            return False
        if not cycle.keep_alive or self.flow.write_paused:
            return False
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        self._unsent += _ANSWER(self.server_state.default_headers) + headers_and_body
        if alone or self._outbox is None:
            self.write_out()
        else:
            self._outbox.add(self)
        cycle.on_response()
        return True

    def write_out(self) -> None:
        """Write what waits to be written; where the client has left, nobody would read it."""
        unsent, self._unsent = self._unsent, b""
        if unsent and not self.transport.is_closing():
            self.transport.write(unsent)

    def turn_away(self, headers_and_body: bytes) -> None:
        """Say what the door says, and listen again; what was answered before is written before."""
        self._held = False
        self.write_out()
        self.transport.write(_REFUSAL(self.server_state.default_headers) + headers_and_body)
        self.on_response_complete()
        later, self._later = self._later, b""
        if later:
            self.data_received(later)

    def shutdown(self) -> None:
        """The server stops: whoever is held is answered first, and what is answered is written."""
        self.write_out()
        if self._held and self._door is not None:
            self._door.answer_all()
        super().shutdown()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has left, or was cut off: whoever works for it learns that."""
        super().connection_lost(exc)
        for cycle in self._earlier:  # with several requests at once, uvicorn tells the last alone
            cycle.disconnected = True
            cycle.message_event.set()
        if self.leaving is not None:
            self.leaving()

    def _unsupported_upgrade_warning(self) -> None:
        """Not a line in the log for each: the request is served as the HTTP/1.1 that it is."""

    def cut(self) -> None:
        """Hang up now: an answer cannot be finished."""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Say that what came is no HTTP."""
        self._refuse(InvalidInput("what came is not HTTP", "send HTTP/1.1 requests, with a Host header"))

    def _refuse(self, error: ServewatchError) -> None:
        """Answer and hang up; never into the middle of another answer."""
        self.write_out()
        cycles = [*self._earlier, self.cycle] if self.cycle is not None else []
        if all(cycle.response_complete or not cycle.response_started for cycle in cycles):
            body = orjson.dumps(error.body())
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[error.status] + head + body)
        self.transport.close()

    def _in_head(self) -> bool:
        """Whether a request has begun whose head is not complete, and no other is worked on."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or (cycle.response_complete and self.scope is not cycle.scope)

    def _state(self) -> State:
        if self._in_head():
            return "head"
        if not self.cycle.response_complete:
            return "body" if self.cycle.more_body and not self.flow.read_paused else "work"
        if self.cycle.more_body:  # answered before its body came: it is thrown away
            return "body"
        # Bytes that begin no request, such as empty lines, end the server's own limit for idle connections.
        return "head" if self.timeout_keep_alive_task is None else "idle"

    def look(self, now: float, header_timeout: float, body_timeout: float) -> None:
        """Act where the client has been too slow."""
        state = self._state()
        pending = self.transport.get_write_buffer_size()
        if (state, self.cycle) != self._seen:
            self._seen, self._came = (state, self.cycle), 0
            self._since = self._moved = now
        if self._moved_at != (self._came, pending) or (state != "body" and not self._stuck(pending)):
            self._moved_at, self._moved = (self._came, pending), now
        if self._stuck(pending):
            if now - self._moved > body_timeout:
                self.transport.abort()
        elif state == "head" and now - self._since > header_timeout:
            self.transport.close()
        elif state == "body" and self._is_slow(now, body_timeout):
            self._end_body()

    def _stuck(self, pending: int) -> bool:
        """Whether the client must read on before we can."""
        return pending > 0 and (self.flow.write_paused or self.transport.is_closing())

    def _is_slow(self, now: float, limit: float) -> bool:
        return now - self._moved > limit or now - self._since > limit + self._came / LEAST_RATE

    def _end_body(self) -> None:
        """First the request is told, so that it can answer and be counted; the next time we hang up."""
        if self.late or self.cycle.response_complete:
            self.transport.close()
        self.late = True
        self.cycle.message_event.set()


class Patience:
    """Looks at all connections, a few times within the shortest limit."""

    def __init__(self, header_timeout: float, body_timeout: float, connections: Collection[Any]) -> None:
        self._limits = header_timeout, body_timeout
        self._interval = min(1.0, *(limit / 5 for limit in self._limits))
        self._connections = connections

    def begin(self) -> None:
        """Look from here on, as long as the event loop runs."""
        self._loop = asyncio.get_running_loop()
        self._look()

    def _look(self) -> None:
        now = self._loop.time()
        for connection in list(self._connections):
            connection.look(now, *self._limits)
        self._loop.call_later(self._interval, self._look)
