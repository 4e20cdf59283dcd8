"""The socket between a worker and a runner: small frames, those of one turn of the event loop in one write."""

from __future__ import annotations

import asyncio
import math
import struct
from collections.abc import Callable
from typing import NamedTuple, cast

REQUEST, CANCEL, FAULT, MORE, NOTE, ANSWER, FREE, PART = range(8)
"""What a frame says: the first five go to the runner, the others to the worker."""

NO_PLACE = (1 << 64) - 1
_HEADER = struct.Struct("<BBHIQQdII")


class Frame(NamedTuple):
    """One message. Its content's large part is at `offset`, in a place of `room` bytes, or in `inline`."""

    kind: int
    form: int = 0
    spec: int = 0
    number: int = 0
    offset: int = NO_PLACE
    room: int = 0
    deadline: float = math.inf
    meta: bytes = b""
    inline: bytes = b""

    @property
    def place(self) -> int | None:
        """Where its content is in shared memory, if it is there."""
        return None if self.offset == NO_PLACE else self.offset

    def encode(self) -> bytes:
        """The frame as bytes."""
        kind, form, spec, number, offset, room, deadline, meta, inline = self
        header = _HEADER.pack(kind, form, spec, number, offset, room, deadline, len(meta), len(inline))
        return header + meta + inline


class Wire(asyncio.Protocol):
    """One end of the socket."""

    def __init__(
        self, on_frame: Callable[[Frame], None], on_lost: Callable[[], None], on_made: Callable[[], None] | None = None
    ) -> None:
        self._on_frame, self._on_lost, self._on_made = on_frame, on_lost, on_made
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._in = bytearray()
        self._needed = _HEADER.size
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ready."""
        self._transport = cast(asyncio.Transport, transport)
        if self._on_made is not None:
            self._on_made()

    def send(self, frame: Frame) -> None:
        """Send it with all others of this turn."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(frame.encode())

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(out))

    def data_received(self, data: bytes) -> None:
        """Take what came apart."""
        self._in += data
        if len(self._in) < self._needed:
            return
        held, start = bytes(self._in), 0
        while len(held) - start >= _HEADER.size:
            *head, meta, inline = _HEADER.unpack_from(held, start)
            begin = start + _HEADER.size
            end = begin + meta + inline
            if len(held) < end:
                self._needed = end - start
                break
            start = end
            self._on_frame(Frame._make([*head, held[begin : begin + meta], held[begin + meta : end]]))
        else:
            self._needed = _HEADER.size
        self._in = bytearray(held[start:])

    def close(self) -> None:
        """End it once what is to be sent was sent."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The other end is gone, or this one was closed."""
        self._transport = None
        self._on_lost()
