"""One runner as a worker reaches it: the socket, the shared memory, the requests that it has in hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from serving.processes.arena import BOARD, Arena, Space, rounded
from serving.processes.board import Board
from serving.processes.errors import unpack_error
from serving.processes.parcel import FAILED, pack, unpack
from serving.processes.wire import ANSWER, CANCEL, FAULT, MORE, NO_PLACE, NOTE, PART, REQUEST, Frame, Wire
from serving.streaming import Pipe
from serving.tracks import note_now

if TYPE_CHECKING:
    from serving.processes.remote import RemoteBatcher

_MOST = 1 << 32


class Sent:
    """A request that a runner has."""

    __slots__ = (
        "again", "deadline", "feed", "future", "link", "note", "number", "offset", "pipe", "room", "rows", "value",
    )  # fmt: skip

    def __init__(
        self, feed: RemoteBatcher, value: Any, rows: int, future: asyncio.Future[Any], deadline: float, again: bool
    ) -> None:
        self.feed, self.value, self.rows, self.future = feed, value, rows, future
        self.deadline, self.again = deadline, again
        self.link: Link | None = None
        self.number = self.room = 0
        self.offset: int | None = None
        self.pipe: Pipe | None = None
        self.note = note_now(rows, feed.spec.batch)

    def stream(self, pipe: Pipe) -> None:
        """Its answer comes item by item: the runner may send one more whenever one was taken."""
        self.pipe, self.again = pipe, False
        pipe.on_taken = self._taken

    def _taken(self) -> None:
        if self.link is not None:
            self.link.wire.send(Frame(MORE, number=self.number))

    def left(self, future: asyncio.Future[Any]) -> None:
        """Nobody waits for it any more, unless it was answered: let the runner know."""
        if future.cancelled() and self.link is not None:
            self.link.cancel(self)


class Link:
    """The way to one runner. Only this worker gives out places of its memory: no lock is needed."""

    def __init__(
        self, runner: int, arena: Arena, on_made: Callable[[Link], None], on_lost: Callable[[Link], None]
    ) -> None:
        self.runner = runner
        self.rows = 0
        self._arena, self._space = arena, Space(arena.size, BOARD)
        self.board = Board(arena)
        self._pending: dict[int, Sent] = {}
        self._numbers = itertools.count(1)
        self.wire = Wire(self._received, lambda: on_lost(self), lambda: on_made(self))

    def send(self, sent: Sent) -> None:
        """Hand a request over. Its place is made large enough for the answer, as far as answers are known."""
        parcel = pack(sent.value)
        if not sent.again:
            sent.value = None
        sent.room = rounded(max(parcel.size, int(sent.rows * sent.feed.row_bytes)))
        sent.offset = self._space.take(sent.room)
        sent.link, sent.number = self, next(self._numbers) % _MOST
        inline = parcel.inline
        if sent.offset is None:
            inline, sent.room = parcel.whole(), 0
        else:
            parcel.put(self._arena, sent.offset)
        place = NO_PLACE if sent.offset is None else sent.offset
        self._pending[sent.number] = sent
        self.rows += sent.rows
        spec = sent.feed.index
        if sent.note:
            self.wire.send(Frame(NOTE, number=sent.number, inline=sent.note))
        self.wire.send(
            Frame(REQUEST, parcel.form, spec, sent.number, place, sent.room, sent.deadline, parcel.meta, inline)
        )

    def cancel(self, sent: Sent) -> None:
        """Its client has left. The place stays taken until the runner says that it reads it no more."""
        if sent.number in self._pending:
            self.wire.send(Frame(CANCEL, number=sent.number))

    def fault(self, header: str) -> None:
        """Pass a fault on that a client asked for."""
        self.wire.send(Frame(FAULT, inline=header.encode()))

    def _received(self, frame: Frame) -> None:
        if frame.kind == PART:
            self._part(frame)
            return
        sent = self._pending.pop(frame.number, None)
        if sent is None:
            return
        self.rows -= sent.rows
        try:
            if frame.kind == ANSWER and not sent.future.done():
                self._answer(sent, frame)
        finally:
            if sent.offset is not None:
                self._space.give(sent.offset, sent.room)
            sent.link = None

    def _part(self, frame: Frame) -> None:
        sent = self._pending.get(frame.number)
        if sent is not None and sent.pipe is not None and not sent.future.done():
            try:
                sent.pipe.put(unpack(frame.form, frame.meta, frame.inline, self._arena, None))
            except Exception as error:
                sent.future.set_exception(error)
                self.cancel(sent)

    def _answer(self, sent: Sent, frame: Frame) -> None:
        if frame.form == FAILED:
            sent.future.set_exception(unpack_error(frame.inline))
            return
        if frame.place is None and frame.room:
            sent.feed.row_bytes = max(sent.feed.row_bytes, frame.room / max(1, sent.rows))
        try:
            sent.future.set_result(unpack(frame.form, frame.meta, frame.inline, self._arena, frame.place))
        except Exception as error:  # a class that cannot be unpickled here raises what it likes
            sent.future.set_exception(error)

    def abandon(self) -> list[Sent]:
        """What the runner had in hand when it died."""
        pending, self._pending = list(self._pending.values()), {}
        self.rows = 0
        for sent in pending:
            sent.link = None
        return pending
