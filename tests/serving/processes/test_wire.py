from __future__ import annotations

import asyncio
import math
import socket

import pytest

from serving.processes.wire import ANSWER, REQUEST, Frame, Wire

FRAMES = [
    Frame(REQUEST, 1, 2, 3, 64, 128, 5.5, b"meta", b""),
    Frame(ANSWER, number=(1 << 32) - 1),
    Frame(ANSWER, 2, 0, 7, meta=b"m" * 70, inline=b"i" * 5000),
    Frame(REQUEST, 1, 1, 8, offset=1 << 40, room=1 << 33),
]


@pytest.mark.parametrize("size", [1, 7, 31, 64, 5000, 100_000])
def test_frames_come_whole_however_the_socket_cuts_them(size: int) -> None:
    """Split into pieces of any size, each frame comes once, equal, in order."""
    data = b"".join(frame.encode() for frame in FRAMES)
    came: list[Frame] = []

    async def feed() -> None:
        wire = Wire(came.append, lambda: None)
        for start in range(0, len(data), size):
            wire.data_received(data[start : start + size])

    asyncio.run(feed())
    assert came == FRAMES


def test_a_frame_knows_its_place() -> None:
    """Without a place in shared memory its place is None, without a deadline it may take for ever."""
    assert (FRAMES[0].place, FRAMES[1].place) == (64, None)
    assert FRAMES[1].deadline == math.inf


def test_frames_of_one_turn_go_in_one_write_and_a_loss_is_told() -> None:
    """Both ends of a real socket: all frames arrive in order; when one end closes, the other is told once."""
    came: list[Frame] = []
    lost: list[str] = []

    async def talk() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        one, other = socket.socketpair()

        def gone() -> None:
            lost.append("lost")
            over.set()

        sender, receiver = Wire(came.append, lambda: None), Wire(came.append, gone)
        for wire, end in ((sender, one), (receiver, other)):
            end.setblocking(False)
            await loop.create_unix_connection(lambda wire=wire: wire, sock=end)
        for frame in FRAMES:
            sender.send(frame)
        sender.close()
        sender.send(FRAMES[0])
        await asyncio.wait_for(over.wait(), 5)

    asyncio.run(talk())
    assert (came, lost) == (FRAMES, ["lost"])
