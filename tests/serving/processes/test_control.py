from __future__ import annotations

import asyncio

from serving.processes.control import hand


def test_a_loop_that_has_ended_is_handed_nothing() -> None:
    """A runner may be told to end a second time after its loop has: the thread that listens goes on."""
    ended, said = asyncio.new_event_loop(), list[str]()
    ended.close()
    hand(ended, said.append, "end")
    assert said == []


def test_a_living_loop_calls_what_a_thread_hands_it() -> None:
    """With its arguments, and in the order in which they came."""

    async def handed() -> list[str]:
        loop, came = asyncio.get_running_loop(), asyncio.Event()
        said: list[str] = []
        for word in ("count", "end"):
            await asyncio.to_thread(hand, loop, said.append, word)
        await asyncio.to_thread(hand, loop, came.set)
        await came.wait()
        return said

    assert asyncio.run(handed()) == ["count", "end"]
