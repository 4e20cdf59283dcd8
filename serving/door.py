"""The door of a full house: a request that has no chance is turned away before it is parsed.

What is refused here costs a few microseconds, so that refusing does not take the time of those who are let in. And
its client hears of it a moment later, together with others: who asks again at once does so a few times a second only.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from serving.exchange import new_request_id
from serving.room import Room

HOLD = 0.031
"""Seconds that a client is made to wait for its refusal, at most."""
CALM = 1.0
"""Seconds without a refusal after which nobody is looked at any more."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,18})\r\n", re.IGNORECASE)
_ID = re.compile(rb"\r\nx-request-id: *([!-~]{1,128})\r\n", re.IGNORECASE)
_CARE = rb"\r\n(?:(?:transfer-encoding|expect|upgrade%b):|connection:(?! *keep-alive *\r\n))"
_NEEDS_CARE, _TRACED_NEEDS_CARE = (re.compile(_CARE % more, re.IGNORECASE) for more in (b"", b"|traceparent"))


class Visitor(Protocol):
    """A connection whose request is refused."""

    @property
    def gone(self) -> bool:
        """Whether nobody is there to hear it."""

    def turn_away(self, headers_and_body: bytes) -> None:
        """Tell, and listen again."""


@dataclass(slots=True)
class _Refused:
    visitor: Visitor
    request_id: bytes
    since: float


class Door:
    """Stands open, and costs nothing, until an endpoint has turned somebody away; then looks at who comes."""

    def __init__(self, rooms: dict[str, Room], clock: Callable[[], float]) -> None:
        self._rooms = {path.encode(): room for path, room in rooms.items()}
        self._clock = clock
        self._held: dict[bytes, list[_Refused]] = {}
        self._coming: dict[tuple[str, ...], int] = {}
        self._refused = -math.inf
        self._needs_care = _NEEDS_CARE
        self.open = True
        self.hold, self.calm = HOLD, CALM

    def shut(self, traced: bool = False) -> None:
        """Look at who comes, from now on. Where requests are `traced`, those that are part of a trace are let in."""
        self.open = False
        self._needs_care = _TRACED_NEEDS_CARE if traced else _NEEDS_CARE
        self._refused = self._clock()

    def refuses(self, visitor: Visitor, data: bytes) -> bool:
        """Whether these bytes, a whole request, are refused: then its visitor gets its answer soon."""
        path = data[5 : data.find(b" ", 5)] if data.startswith(b"POST ") else b""
        room = self._rooms.get(path)
        if room is None:
            return False
        if not room.crowded(self._coming.get(room.queues, 0)):
            self._let_in(room)
            return False
        head = data[: data.find(b"\r\n\r\n") + 2]
        length = _LENGTH.search(head)
        if length is None or len(data) != len(head) + 2 + int(length[1]) or self._needs_care.search(head):
            return False
        if not head.startswith(b" HTTP/1.1\r\n", 5 + len(path)):
            return False
        named = _ID.search(head)
        self._refused = self._clock()
        refused = _Refused(visitor, named[1] if named else new_request_id(), self._refused)
        if not self._held:
            asyncio.get_running_loop().call_later(self.hold, self.answer_all)
        self._held.setdefault(path, []).append(refused)
        return True

    def _let_in(self, room: Room) -> None:
        """Its bytes are read with those of others, before any of them begins: the queue does not know them yet."""
        if not self._coming:
            asyncio.get_running_loop().call_soon(self._coming.clear)
            self.open = self._clock() - self._refused > self.calm
        self._coming[room.queues] = self._coming.get(room.queues, 0) + 1

    def answer_all(self) -> None:
        """Tell everybody who waits to hear it."""
        held, self._held = self._held, {}
        for path, all_refused in held.items():
            room = self._rooms[path]
            start, rest = _written(*room.refuse(len(all_refused)))
            now = self._clock()
            for refused in all_refused:
                room.count_refused(now - refused.since, refused.visitor.gone)
                if not refused.visitor.gone:
                    refused.visitor.turn_away(b"%b%b%b" % (start, refused.request_id, rest))


def _written(body: dict[str, Any], headers: dict[str, str]) -> tuple[bytes, bytes]:
    """What stands before and after the request's id."""
    content = orjson.dumps(body)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    start = b"content-type: application/json\r\ncontent-length: %d\r\nx-request-id: " % len(content)
    return start, b"\r\n%b\r\n%b" % (lines, content)
