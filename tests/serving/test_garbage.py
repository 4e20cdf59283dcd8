from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

import serving
from serving import Settings, api, service
from serving.errors import InvalidInput
from serving.garbage import COLLECT_AFTER, GROWTH, Garbage, resident
from tests.serving.conftest import Live


@service
class Wrong:
    """Refuses, and fails, in each place where that can be."""

    @api
    async def here(self, value: int) -> int:
        raise InvalidInput("not this one") if value else ValueError("nothing")

    @api(batch=True)
    def there(self, rows: list[int]) -> list[int]:
        raise InvalidInput("not these") if rows[0] else ValueError("nothing")

    @api
    def stream(self, value: int) -> Iterator[int]:
        yield value
        raise InvalidInput("no more") if value else ValueError("nothing")


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's garbage collector, as it is, and afterwards as it was."""
    threshold = gc.get_threshold()
    yield
    gc.enable()
    gc.set_debug(0)
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize(("its_own", "then"), [(None, COLLECT_AFTER), (1234, 1234)])
def test_a_service_that_is_ready_is_not_looked_through_for_garbage(its_own: int | None, then: int) -> None:
    """What it was made of is left alone, and waiting requests are no garbage; a threshold of its own stays."""
    if its_own is not None:
        gc.set_threshold(its_own)
    Garbage().settle()
    assert gc.get_freeze_count() > 1000
    assert gc.get_threshold()[0] == then


@pytest.mark.usefixtures("collector")
def test_where_memory_is_not_told_python_looks_as_it_does() -> None:
    """Nobody would see that a few large cycles fill it."""
    before = gc.get_threshold()
    garbage = Garbage(lambda: None)
    garbage.settle()
    garbage.look()
    assert gc.get_threshold() == before


class Cycle:
    """Garbage that only the collector finds; it is told when it is gone."""

    def __init__(self, gone: list[int]) -> None:
        self.itself, self._gone = self, gone

    def __del__(self) -> None:
        self._gone.append(1)


@pytest.mark.usefixtures("collector")
def test_garbage_is_looked_for_where_memory_has_grown() -> None:
    """By more than so much since the last time, or since memory was least: then, and not before."""
    memory, gone = [1000], []
    garbage = Garbage(lambda: memory[0])
    garbage.settle()
    gc.disable()
    Cycle(gone)
    seen = []
    for memory[0] in (1000 + GROWTH, 500, 501 + GROWTH, 502 + GROWTH):
        garbage.look()
        seen.append(len(gone))
    Cycle(gone)
    for memory[0] in (501 + 2 * GROWTH, 502 + 2 * GROWTH):
        garbage.look()
        seen.append(len(gone))
    assert seen == [0, 0, 1, 1, 1, 2]


def test_memory_is_what_the_system_says() -> None:
    """Some megabytes at least, and more once there is more."""
    before = resident()
    assert before is not None
    held = bytearray(b"x" * 50_000_000)
    after = resident()
    assert after is not None
    assert before > 10_000_000
    assert after - before > 40_000_000
    del held


def is_ours(frame: types.FrameType) -> bool:
    """Whether it is one of the server's: other threads leave garbage too."""
    return Path(serving.__file__ or "").parent in Path(frame.f_code.co_filename).parents


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    """One service for all that is refused."""
    live = Live(Wrong, Settings.load({}, host="127.0.0.1", metrics_port=0, warmup="off")).start()
    yield live
    live.stop()


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("media", ["application/json", "x/y"])
@pytest.mark.parametrize("body", [b"{]", b'"a"', b"1", b"0", b"[1]", b"[0]"])
@pytest.mark.parametrize("path", ["/here", "/there", "/stream", "/nowhere"])
def test_a_request_that_is_refused_leaves_no_garbage(live: Live, path: str, body: bytes, media: str) -> None:
    """No frame that only the collector could free: with it, the request's body would stay, of whatever size."""
    live.post(path, body, content_type=media)
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    status = live.post(path, body, content_type=media).status
    live.get("/healthz")
    gc.collect()
    gc.set_debug(0)
    frames = [found for found in gc.garbage if isinstance(found, types.FrameType) and is_ours(found)]
    gc.garbage.clear()
    assert status in ((200, 400, 404, 415, 422, 500) if path == "/stream" else (400, 404, 415, 422, 500))
    assert frames == []
