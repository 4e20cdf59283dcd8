"""One worker as a runner sees it: its requests join the runner's queues, its answers go back."""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from serving.deadlines import deadline_of
from serving.lifecycle import Lifecycle
from serving.processes.arena import Arena, Lease
from serving.processes.errors import pack_error
from serving.processes.parcel import ARRAY, FAILED, Parcel, describe, pack, unpack
from serving.processes.parts import PartsPipe
from serving.processes.wire import ANSWER, CANCEL, FAULT, FREE, MORE, NO_PLACE, NOTE, REQUEST, Frame, Wire

_NOTHING: AbstractContextManager[object] = nullcontext()


class Answering:
    """The requests of one worker."""

    def __init__(self, lifecycle: Lifecycle, arena: Arena, on_lost: Callable[[], None]) -> None:
        self._lifecycle = lifecycle
        self._on_lost = on_lost
        self._specs = lifecycle.definition.runners
        self._arena = arena
        self._open: dict[int, tuple[asyncio.Future[Any], Lease | None, Frame]] = {}
        self._pipes: dict[int, PartsPipe] = {}
        self._notes: dict[int, bytes] = {}
        self._loop = asyncio.get_running_loop()
        self.wire = Wire(self._received, self._lost)

    def _received(self, frame: Frame) -> None:
        if frame.kind == REQUEST:
            self._request(frame)
        elif frame.kind == CANCEL and frame.number in self._open:
            self._cancel(frame.number)
        elif frame.kind == MORE and frame.number in self._pipes:
            self._pipes[frame.number].more()
        elif frame.kind == NOTE:
            self._notes[frame.number] = frame.inline
        elif frame.kind == FAULT and self._lifecycle.faults is not None:
            self._lifecycle.faults.obey(frame.inline.decode())

    def _request(self, frame: Frame) -> None:
        spec = self._specs[frame.spec]
        note = self._notes.pop(frame.number, b"") if self._notes else b""
        try:
            value, lease = self._value(frame, spec.batching.max_rows if spec.batch else 0)
            if spec.stream:
                self._pipes[frame.number] = pipe = PartsPipe(frame.number, self._loop, self.wire)
                value = (*value, pipe)
            with deadline_of(frame.deadline), self._track(note):
                future = self._lifecycle.batchers[spec.name].submit(value)
        except Exception as error:
            self._close_pipe(frame.number)
            self._fail(frame, error)
            return
        self._open[frame.number] = (future, lease, frame._replace(meta=b"", inline=b""))
        future.add_done_callback(functools.partial(self._done, frame.number))

    def _cancel(self, number: int) -> None:
        """Nobody waits for it: its place in a full queue is for others."""
        future, _, frame = self._open[number]
        future.cancel()
        self._close_pipe(number)
        self._lifecycle.batchers[self._specs[frame.spec].name].sweep_soon()

    def _track(self, note: bytes) -> AbstractContextManager[object]:
        tracks = self._lifecycle.tracks
        return tracks.resumed(note) if note and tracks is not None else _NOTHING

    def _value(self, frame: Frame, most: int) -> tuple[Any, Lease | None]:
        """A view where its batch will copy it; what is run in parts is read for longer than its answer takes."""
        if frame.form == ARRAY and frame.place is not None:
            dtype, shape = describe(frame.meta)
            if shape and shape[0] <= most and 0 not in shape:
                ended = functools.partial(self._free_soon, frame.number)
                lease = Lease(self._arena, frame.place, dtype, shape, ended)
                return np.asarray(lease), lease
        return unpack(frame.form, frame.meta, frame.inline, self._arena, frame.place), None

    def _done(self, number: int, future: asyncio.Future[Any]) -> None:
        _, lease, frame = self._open.pop(number)
        self._close_pipe(number)
        if future.cancelled():
            if lease is not None:
                lease.abandoned = True
            else:
                self._free(number)
            return
        error = future.exception()
        if error is not None:
            self._fail(frame, error)
            return
        try:
            self._answer(frame, pack(future.result()))
        except Exception as fault:
            self._fail(frame, fault)

    def _answer(self, frame: Frame, parcel: Parcel) -> None:
        """Into the request's own place where it fits; where it does not, the worker learns how large answers are."""
        if frame.place is not None and 0 < parcel.size <= frame.room:
            parcel.put(self._arena, frame.place)
            place, inline = frame.place, parcel.inline
        else:
            place, inline = NO_PLACE, parcel.whole()
        answer = Frame(ANSWER, parcel.form, 0, frame.number, place, parcel.size, math.inf, parcel.meta, inline)
        self.wire.send(answer)

    def _fail(self, frame: Frame, error: BaseException) -> None:
        self.wire.send(Frame(ANSWER, FAILED, number=frame.number, inline=pack_error(error)))

    def _close_pipe(self, number: int) -> None:
        if (pipe := self._pipes.pop(number, None)) is not None:
            pipe.close()

    def _free_soon(self, number: int) -> None:
        """Called wherever the last view of a request's place ends, on whatever thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._free, number)

    def _free(self, number: int) -> None:
        self.wire.send(Frame(FREE, number=number))

    def _lost(self) -> None:
        """The worker is gone: nobody waits for its requests."""
        self._on_lost()
        for number, (future, _, _) in list(self._open.items()):
            future.cancel()
            self._close_pipe(number)
