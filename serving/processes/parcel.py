"""A value on its way to another process: an array's bytes apart, everything else pickled."""

from __future__ import annotations

import inspect
import marshal
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from monitoring.articles import a
from serving.errors import RunnerFailed
from serving.processes.arena import ALIGNMENT, Arena, rounded

NOTHING, ARRAY, PICKLED, FAILED = range(4)
"""The forms that a frame's content has."""

_PLAIN = frozenset("biufcSUmM")
"""Kinds of dtypes that their short text describes whole."""


class Parcel:
    """A packed value: `meta` describes it, `inline` goes with the frame, `buffers` may go through shared memory."""

    __slots__ = ("array", "buffers", "form", "inline", "meta", "size")

    def __init__(self, form: int, meta: bytes = b"", inline: bytes = b"", buffers: Sequence[Any] = ()) -> None:
        self.form = form
        self.meta = meta
        self.inline = inline
        self.buffers = buffers
        self.array: np.ndarray[Any, Any] | None = None
        self.size = sum(rounded(len(buffer)) for buffer in buffers)

    def put(self, arena: Arena, offset: int) -> None:
        """Write what is large to a place in shared memory."""
        if self.array is not None:
            arena.array(offset, self.array.dtype, self.array.shape)[...] = self.array
        for buffer in self.buffers:
            arena.write(offset, buffer)
            offset += rounded(len(buffer))

    def whole(self) -> bytes:
        """All in one, where there is no place for it in shared memory."""
        if self.array is not None:
            return self.array.tobytes()
        return b"".join([self.inline, *self.buffers])


def pack(value: Any) -> Parcel:
    """An array, or whatever can be pickled; large buffers within it stay apart."""
    if type(value) is np.ndarray and value.dtype.kind in _PLAIN:
        parcel = Parcel(ARRAY, marshal.dumps((value.dtype.str, value.shape)))
        parcel.array, parcel.size = value, value.nbytes
        return parcel
    try:
        return _pickle(_to_host(value))
    except Exception as error:  # pickle raises many kinds
        reason = str(error).partition("\n")[0]
        if inspect.isawaitable(value):
            if inspect.iscoroutine(value):
                value.close()
            raise RunnerFailed(f"{a(type(value).__name__)} is no value", "did a method forget `await`?") from None
        raise RunnerFailed(
            f"{a(type(value).__name__)} cannot cross to another process: {reason}",
            "pass and answer arrays, plain values and instances of classes that a module defines",
        ) from None


def _to_host(value: Any) -> Any:
    """A tensor alone: pickled as it is, it would take its whole batch along, and its device."""
    if hasattr(value, "untyped_storage") and hasattr(value, "detach"):
        return value.detach().cpu().clone()
    return value


def _pickle(value: Any) -> Parcel:
    apart: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(value, protocol=5, buffer_callback=apart.append)
    try:
        buffers = [buffer.raw() for buffer in apart]
    except BufferError:  # not in one piece
        stream, buffers = pickle.dumps(value, protocol=5), []
    return Parcel(PICKLED, marshal.dumps([len(buffer) for buffer in buffers]), stream, buffers)


def describe(meta: bytes) -> tuple[str, tuple[int, ...]]:
    """The dtype and shape of an array."""
    dtype, shape = marshal.loads(meta)
    return dtype, shape


def unpack(form: int, meta: bytes, inline: bytes, arena: Arena, offset: int | None) -> Any:
    """The value, in memory of its own; `offset` is where its large part is, None where it came with the frame."""
    if form == ARRAY:
        dtype, shape = describe(meta)
        if offset is not None:
            return arena.array(offset, dtype, shape).copy()
        return np.ndarray(shape, dtype, bytearray(inline) or bytearray(ALIGNMENT))
    sizes: list[int] = marshal.loads(meta)
    if offset is None:
        return pickle.loads(inline, buffers=_cut(inline, len(inline) - sum(sizes), sizes))
    buffers = []
    for size in sizes:
        buffers.append(arena.read(offset, size))
        offset += rounded(size)
    return pickle.loads(inline, buffers=buffers)


def _cut(inline: bytes, start: int, sizes: list[int]) -> Iterator[bytearray]:
    """The buffers that came behind the pickled stream."""
    for size in sizes:
        yield bytearray(inline[start : start + size])
        start += size
