from __future__ import annotations

import io
import threading
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import PIL.Image

from serving import Image, api, service
from serving.types import Body

Serve = Callable[..., Any]
THREADS: list[str] = []


class Watched(Image):
    """A picture that tells which thread reads it."""

    def decode(self, body: Body) -> tuple[Any, bool]:
        THREADS.append(threading.current_thread().name)
        return super().decode(body)


@service
class Pictures:
    """Answers a picture's size."""

    @api
    async def size(self, picture: Annotated[np.ndarray, Watched(mode="L")]) -> list[int]:
        THREADS.append(threading.current_thread().name)
        return list(picture.shape)


def test_a_large_picture_is_decoded_beside_the_event_loop(serve: Serve) -> None:
    """A picture's bytes are read on another thread than the event loop's, a small one's on it."""
    live = serve(Pictures)
    for side in (4, 200):
        noise = np.random.default_rng(0).integers(0, 255, (side, side), dtype=np.uint8)
        file = io.BytesIO()
        PIL.Image.fromarray(noise).save(file, "PNG")
        answer = live.post("/size", file.getvalue(), **{"content-type": "image/png"})
        assert (answer.status, answer.json()) == (200, [side, side])
    small, loop, large, same = THREADS
    assert small == loop == same
    assert large != loop
