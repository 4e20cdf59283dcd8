from __future__ import annotations

import gc
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.processes.arena import Arena, Lease, Space, new_memory, own, rounded

SIZE = 64 * 1024


@pytest.fixture
def arenas() -> tuple[Arena, Arena]:
    """The same memory twice, as two processes have it."""
    memory = new_memory(SIZE)
    return Arena(os.dup(memory)), Arena(memory)


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 10)), max_size=60))
def test_places_never_overlap_and_all_of_it_comes_back(steps: list[tuple[int, int]]) -> None:
    """Whatever is taken and given back in whatever order, no byte has two owners, and none is lost."""
    space, held = Space(SIZE), []
    for size, which in steps:
        if which > 6 and held:
            space.give(*held.pop(which % len(held)))
        elif (start := space.take(rounded(size))) is not None:
            assert all(start + rounded(size) <= s or s + n <= start for s, n in held)
            held.append((start, rounded(size)))
        assert space.free == SIZE - sum(size for _, size in held)
    for place in held:
        space.give(*place)
    assert space.take(SIZE) == 0


def test_a_full_arena_gives_nothing_and_a_freed_place_is_the_next_to_be_given() -> None:
    """Where no place is large enough the answer is None; the lowest free one comes first, so memory stays warm."""
    space = Space(256)
    assert [space.take(128), space.take(64), space.take(128), space.take(64)] == [0, 128, None, 192]
    space.give(128, 64)
    assert space.take(64) == 128


def test_what_one_side_writes_the_other_reads(arenas: tuple[Arena, Arena]) -> None:
    """Both ends see one memory; what is read is a copy."""
    one, other = arenas
    one.array(128, "f4", (2, 3))[...] = [[1, 2, 3], [4, 5, 6]]
    view = other.array(128, "f4", (2, 3))
    assert view.tolist() == [[1, 2, 3], [4, 5, 6]]
    one.write(0, b"abc")
    read = other.read(0, 3)
    one.write(0, b"xyz")
    assert bytes(read) == b"abc"


def test_a_lease_ends_with_its_last_view(arenas: tuple[Arena, Arena]) -> None:
    """A given-up request's place is free when no view of it is left, also no view of a view; an answered one's is."""
    ended: list[str] = []
    lease = Lease(arenas[0], 0, "<i4", (4, 2), lambda: ended.append("ended"))
    part = np.asarray(lease)[1:][:, :1]
    lease.abandoned = True
    del lease
    gc.collect()
    assert ended == []
    del part
    assert ended == ["ended"]
    Lease(arenas[0], 0, "<i4", (1,), lambda: ended.append("twice"))
    assert ended == ["ended"]


def test_the_users_code_gets_memory_of_its_own(arenas: tuple[Arena, Arena]) -> None:
    """What is kept of an argument does not change when the place is used again; arrays of its own are not copied."""
    rows = np.asarray(Lease(arenas[0], 0, "<i4", (2,), print))
    kept = own(rows)
    arenas[1].array(0, "<i4", (2,))[...] = 7
    assert (kept.tolist(), rows.tolist()) == ([0, 0], [7, 7])
    plain = np.arange(3)
    assert own(plain) is plain
    assert own("text") == "text"


def test_no_file_stands_for_the_memory() -> None:
    """It has no name that could be left behind."""
    before = sorted(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else []
    arena = Arena(new_memory(SIZE))
    assert arena.size == SIZE
    assert (sorted(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else []) == before
