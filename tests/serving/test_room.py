from __future__ import annotations

import asyncio
from types import SimpleNamespace

from serving.batcher import Batcher, Limits
from serving.room import Room
from tests.serving.held import LIMITS, Bench, Held, rows


def room(**batchers: Batcher) -> Room:
    """The room before these queues."""
    endpoint = SimpleNamespace(queues=tuple(batchers))
    return Room(endpoint, SimpleNamespace(batchers=batchers), None)  # type: ignore[arg-type]


def test_whoever_is_on_the_way_takes_a_place(bench: Bench, held: Held) -> None:
    """A queue of 16 with one free thread has room for 16 and for the 8 that the thread takes at once; then for 16."""

    async def scenario(batcher: Batcher) -> list[bool]:
        place = room(one=batcher)
        said = [place.crowded(coming) for coming in (0, 1, 23, 24)]
        waiting = [batcher.submit(rows(value)) for value in range(LIMITS.max_rows)]
        said += [place.crowded(coming) for coming in (0, 15, 16)]
        waiting.append(batcher.submit(rows(8)))
        said += [place.crowded(coming) for coming in (14, 15)]
        held.let_go(2)
        await asyncio.gather(*waiting)
        return said

    assert bench.run(scenario) == [False, False, False, True, False, False, True, False, True]


def test_a_queue_shorter_than_a_batch_has_room_for_its_own_length(bench: Bench) -> None:
    """A free thread takes a batch at once, but nothing that the queue does not hold."""

    async def scenario(batcher: Batcher) -> list[bool]:
        return [room(one=batcher).crowded(coming) for coming in (3, 4)]

    assert bench.run(scenario, Limits(max_rows=8, max_queue_rows=4)) == [False, True]


def test_an_endpoint_of_two_queues_is_crowded_when_both_are(bench: Bench, held: Held) -> None:
    """It may need one of them only; one without any queue never is."""

    async def scenario(batcher: Batcher) -> list[bool]:
        other = Batcher(bench.runner, LIMITS, bench.metrics, bench.clock)
        waiting = [batcher.submit(rows(value)) for value in range(LIMITS.max_rows + LIMITS.max_queue_rows)]
        said = [place.crowded() for place in (room(one=batcher), room(one=batcher, two=other), room())]
        held.let_go(3)
        await asyncio.gather(*waiting)
        return said

    assert bench.run(scenario) == [True, False, False]
