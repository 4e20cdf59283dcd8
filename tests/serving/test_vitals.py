from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

from serving import api, service

INSIDE, GATE = threading.Event(), threading.Event()


@service
class Busy:
    """Keeps threads busy."""

    @api(threads=3)
    def hold(self, text: str) -> str:
        INSIDE.set()
        GATE.wait(10)
        return text

    @api
    async def aside(self, text: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(None, self.hold, text)


def pool(live: Any, name: str) -> tuple[Any, Any]:
    return live.value("servewatch_threads_busy", pool=name), live.value("servewatch_threads_limit", pool=name)


def test_a_runners_threads_and_the_loops_are_shown(serve: Callable[..., Any], eventually: Callable[..., Any]) -> None:
    """None works at first; a request that is worked on keeps one of its pool's busy."""
    live = serve(Busy)
    assert pool(live, "hold") == (0, 3)
    for path, name in (("/hold", "hold"), ("/aside", "default")):
        INSIDE.clear()
        GATE.clear()
        asking = threading.Thread(target=live.post, args=(path, b"x"), kwargs={"content_type": "text/plain"})
        asking.start()
        eventually(INSIDE.is_set)
        assert pool(live, name)[0] == 1
        GATE.set()
        asking.join(10)
        eventually(lambda name=name: pool(live, name)[0] == 0)
    assert pool(live, "default")[1] >= 5


def test_the_garbage_collector_is_watched_as_long_as_the_service_lives(serve: Callable[..., Any]) -> None:
    """Its pauses are on the page from the start; the end leaves nothing behind in the process."""
    before = list(gc.callbacks)
    live = serve(Busy)
    seen = live.value("servewatch_gc_pause_seconds_count", generation="2")
    gc.collect()
    assert live.value("servewatch_gc_pause_seconds_count", generation="2") > seen
    live.stop()
    assert gc.callbacks == before
