from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from serving.errors import RunnerFailed
from serving.processes.arena import Arena, new_memory
from serving.processes.parcel import ARRAY, PICKLED, pack, unpack

RECORDS = np.array([(1, 2.0, "a")], dtype=[("n", "i4"), ("x", ">f8"), ("s", "U3")])


@dataclass
class Point:
    x: float
    image: np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def arena() -> Arena:
    return Arena(new_memory(1 << 20))


def cross(value: Any, arena: Arena, shared: bool) -> Any:
    """To the other process and out of its packing, through shared memory or beside it."""
    parcel = pack(value)
    if shared:
        parcel.put(arena, 4096)
        return unpack(parcel.form, parcel.meta, parcel.inline, arena, 4096)
    return unpack(parcel.form, parcel.meta, parcel.whole(), arena, None)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("shape", [(), (1,), (3, 4), (0, 5), (2, 3, 4, 1)])
@pytest.mark.parametrize("dtype", ["?", "i1", ">u2", "f2", "f4", "f8", "c16", "U4", "S3", "M8[ms]", "m8[s]"])
def test_arrays_cross_as_they_are(arena: Arena, dtype: str, shape: tuple[int, ...], shared: bool) -> None:
    """Each dtype in each shape comes with its values, and may be written to."""
    sent = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    assert pack(sent).form == ARRAY
    came = cross(sent, arena, shared)
    assert (came.dtype, came.shape, came.flags.writeable) == (sent.dtype, sent.shape, True)
    np.testing.assert_array_equal(came, sent)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("view", [np.s_[::2], np.s_[::-1], np.s_[:, 1:]])
def test_views_cross_with_what_they_show(arena: Arena, view: Any, shared: bool) -> None:
    """An array need not be in one piece, nor in C order."""
    sent = np.asfortranarray(np.arange(30.0).reshape(6, 5))[view]
    np.testing.assert_array_equal(cross(sent, arena, shared), sent)


@pytest.mark.parametrize("shared", [True, False])
def test_other_values_are_pickled_with_their_arrays_apart(arena: Arena, shared: bool) -> None:
    """Lists, dataclasses, records and objects arrive; arrays within them are the receiver's own."""
    sent = [1, "text", None, Point(2.0, np.arange(1000.0)), RECORDS, np.array([{"a": 1}, None])]
    parcel = pack(sent)
    assert parcel.form == PICKLED
    assert parcel.size >= 8000
    came = cross(sent, arena, shared)
    assert came[:3] == [1, "text", None]
    np.testing.assert_array_equal(came[3].image, np.arange(1000.0))
    assert came[3].image.flags.writeable
    assert came[4].dtype == RECORDS.dtype
    assert came[5].tolist() == [{"a": 1}, None]
    arena.write(4096, bytes(8192))
    assert came[3].image[999] == 999


def test_a_subclass_of_arrays_stays_one(arena: Arena) -> None:
    """Masks are not lost on the way."""
    masked = np.ma.masked_array([1, 2, 3], mask=[0, 1, 0])
    assert cross(masked, arena, True).tolist() == [1, None, 3]


def test_a_tensor_does_not_take_its_batch_along(arena: Arena) -> None:
    """A row of a batch crosses as a row: not with all the memory that it is a view of."""
    torch = pytest.importorskip("torch")
    batch = torch.arange(100_000.0).reshape(1000, 100)
    parcel = pack(batch[3])
    assert parcel.size + len(parcel.inline) < 10_000
    assert cross(batch[3], arena, True).tolist() == batch[3].tolist()


def test_what_cannot_cross_is_named() -> None:
    """The error says the type, and what can be passed instead."""
    with pytest.raises(RunnerFailed, match="a lock cannot cross to another process") as raised:
        pack(threading.Lock())
    assert "plain values" in raised.value.help
