"""What an endpoint answers that yields: a chunk for each item, framed as the client asked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from serving.errors import ServewatchError
from serving.types.base import Output
from serving.types.plain import File, Text, bytes_of, text_of

EVENTS, LINES = "text/event-stream", "application/x-ndjson"
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Framing:
    """How the items of one answer are written: as server-sent events, as lines of JSON, or bare."""

    media: bytes
    item: Callable[[int, Any], bytes]
    end: bytes = b""
    error: Callable[[ServewatchError], bytes] | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True)
class Stream:
    """Items of one type, written one by one."""

    item: Output

    def framing(self, accept: str) -> Framing:
        """Text and bytes go out bare, others as lines of JSON; events where the client takes them (bytes never)."""
        if isinstance(self.item, File):
            return Framing(self.item.type.encode(), lambda at, value: bytes_of(value))
        if EVENTS in accept:
            # A client that reads events connects again when a stream breaks: `end` tells it that this one is whole.
            return Framing(
                EVENTS.encode(),
                lambda at, value: b"id: %d\n" % at + _data(self._text(value)),
                b"event: end\ndata: {}\n\n",
                lambda error: b"event: error\n" + _data(orjson.dumps(error.body()).decode()),
                ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no")),
            )
        if isinstance(self.item, Text):
            return Framing(b"text/plain; charset=utf-8", lambda at, value: text_of(value).encode())
        return Framing(
            LINES.encode(),
            lambda at, value: self._json(value) + b"\n",
            error=lambda error: orjson.dumps(error.body()) + b"\n",
        )

    def _json(self, value: Any) -> bytes:
        return self.item.encode(value, "")[0]

    def _text(self, value: Any) -> str:
        return text_of(value) if isinstance(self.item, Text) else self._json(value).decode()

    def schema(self) -> dict[str, Any]:
        """The item's schema, under each media type that it may go out as."""
        ((media, shown),) = list(self.item.schema().items())[:1]
        if isinstance(self.item, File):
            return {media: shown}
        bare = media if isinstance(self.item, Text) else LINES
        return {bare: shown, EVENTS: {"schema": {"type": "string", "description": "an event for each item"}}}


def _data(text: str) -> bytes:
    """The lines of an event's data: one that is not marked as data would be read as something else."""
    return b"".join(b"data: %s\n" % line.encode() for line in _LINE_ENDS.split(text)) + b"\n"
