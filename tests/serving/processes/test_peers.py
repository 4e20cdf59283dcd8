from __future__ import annotations

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

TEXT = {"content-type": "text/plain"}


def test_a_way_that_breaks_between_two_that_live_is_made_again(whole: Callable[..., Any], eventually: Any) -> None:
    """Workers that lose their runner get it back without any process being started anew."""
    served = whole()
    processes = served.processes()
    assert (200, b"1") in [served.post("/cut", b"x", **TEXT) for _ in range(6)]
    eventually(lambda: all(served.post("/predict")[0] == 200 for _ in range(20)), 10)
    assert served.processes() == processes


def test_more_than_the_shared_memory_holds_crosses_all_the_same(fleet: Any) -> None:
    """Sixty requests of 6 MB at once: those that find no place go through the socket, and each gets its own answer."""

    def ask(number: int) -> bool:
        rows = np.full((2, 750_000), number, "float32")
        rows[:, ::7] += 0.5
        file = io.BytesIO()
        np.save(file, rows)
        media = {"content-type": "application/x-npy", "accept": "application/x-npy"}
        code, content = fleet.post("/wide", file.getvalue(), **media)
        return code == 200 and bool((np.load(io.BytesIO(content)) == rows).all())

    body = json.dumps([[1, 2, 3]]).encode()
    with ThreadPoolExecutor(24) as pool:
        large = [pool.submit(ask, number) for number in range(60)]
        small = [pool.submit(fleet.post, "/predict", body) for _ in range(60)]
        assert all(one.result() for one in large)
        assert {one.result()[0] for one in small} == {200}
