"""monitoring/quality/memory.py: bounded in size and time."""

from __future__ import annotations

import random

from monitoring.quality import Memory


def test_a_key_is_new_once():
    """Within one call and over several, only the first is new."""
    memory = Memory(60)
    assert memory.add([1, 2, 1]) == [True, True, False]
    assert memory.add([2, 3]) == [False, True]
    assert memory.add([]) == []


def test_it_remembers_as_a_set_does():
    """Whether it lies loose or sorted, in the young or the old generation, what it holds is known."""
    memory, known, chance = Memory(60, most=100_000), set(), random.Random(0)
    for _ in range(60):
        keys = [chance.getrandbits(16) << 48 | chance.getrandbits(3) for _ in range(1000)]
        expected = []
        for key in keys:
            expected.append(key not in known)
            known.add(key)
        assert memory.add(keys) == expected


def test_it_is_bounded_and_forgets_the_oldest():
    """However many come, it holds at most what it may, and always the later half of it."""
    memory = Memory(60, most=1000)
    for start in range(0, 20_000, 100):
        memory.add(range(start, start + 100))
        assert len(memory) <= 1000
    assert memory.add(range(19_500, 20_000)) == [False] * 500
    assert memory.add([5]) == [True]


def test_it_forgets_with_time():
    """A key is kept for the time that it was asked to, and is gone after twice that."""
    now = [0.0]
    memory = Memory(10, clock=lambda: now[0])
    memory.add([7])
    now[0] = 11
    assert memory.add([7, 8]) == [False, True]
    now[0] = 22
    assert memory.add([7]) == [True]
