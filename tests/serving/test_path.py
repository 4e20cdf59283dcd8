"""The way of one request, as the interpreter sees it: what is entered between the socket and the user's code."""

from __future__ import annotations

import http.client
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, ClassVar

import numpy as np

import monitoring
import serving
from serving import NDArray, api, batched, service

Serve = Callable[..., Any]
OURS = {Path(package.__file__ or "").parent: package.__name__ for package in (monitoring, serving)}
Rows = Annotated[np.ndarray, NDArray("float32", ("N", 28, 28))]


THROUGH = {"serving/app.py", "serving/batcher.py", "serving/runner.py"}
TOUCHED = {
    "serving/connections.py": "the socket's bytes come here first: who is slow, who has left",
    "serving/door.py": "turns away before a request is parsed, where the queue is full",
    "serving/exchange.py": "the head in one pass, the body, the answer's bytes",
    "serving/lifecycle.py": "whether requests are welcome",
    "serving/types/ndarray.py": "the body as an array",
    "serving/types/json.py": "the answer as JSON",
    "serving/tracks.py": "whether somebody traces the request",
    "serving/room.py": "whether the queue has room",
    "serving/counts.py": "its outcome",
    "monitoring/metrics.py": "its time, in a histogram",
    "serving/pace.py": "how fast the runner is, for Retry-After",
    "serving/brevity.py": "whether a call is too brief for a thread",
}
"""What is entered and left again before the next step, and what for."""
BY_THE_CLOCK = {"serving/garbage.py"}
"""What runs a few times a second on the same thread, whoever asks."""


def ours(path: Path) -> str | None:
    """A file's place in our packages, if it is one of ours."""
    return next((f"{name}/{path.relative_to(folder)}" for folder, name in OURS.items() if folder in path.parents), None)


class Trail:
    """The files of ours that were entered, and how often, in the order of their first time."""

    def __init__(self) -> None:
        self.on = False
        self.seen: dict[str, int] = {}

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self.on or event != "call":
            return
        where = ours(Path(frame.f_code.co_filename))
        if where is not None and where not in BY_THE_CLOCK:
            self.seen[where] = self.seen.get(where, 0) + 1


def stack() -> list[str]:
    """The files of ours that wait for this call to return, the innermost first."""
    frame, found = sys._getframe(1), []
    while frame is not None:
        if where := ours(Path(frame.f_code.co_filename)):
            found.append(where)
        frame = frame.f_back  # type: ignore[assignment]
    return found


@service
class Model:
    trail = Trail()
    stacks: ClassVar[list[list[str]]] = []

    @batched
    def classify(self, images):
        self.stacks.append(stack())
        sys.setprofile(self.trail)  # on the runner's thread, which nothing else can reach
        return images.mean(axis=(1, 2))

    @api
    async def predict_array(self, images: Rows) -> list[float]:
        self.stacks.append(stack())
        return (await self.classify(images)).tolist()


def asked(live: Any, requests: int) -> dict[str, int]:
    """What requests of one client on one connection pass through."""
    trail, set_up = Model.trail, threading.Event()

    def watch() -> None:
        sys.setprofile(trail)
        set_up.set()

    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10)

    def once() -> bytes:
        connection.request("POST", "/predict_array", IMAGE, {"content-type": "application/json"})
        return connection.getresponse().read()

    once()
    live.server.servers[0].get_loop().call_soon_threadsafe(watch)
    assert set_up.wait(5)
    trail.seen, trail.on = {}, True
    for _ in range(requests):
        assert once() == b"[0.5]"
    trail.on = False
    connection.close()
    return trail.seen


IMAGE = b"[[" + b",".join([b"[" + b",".join([b"0.5"] * 28) + b"]"] * 28) + b"]]"


def test_three_files_stand_between_the_socket_and_the_users_code(serve: Serve) -> None:
    """What is left only when the user's code returns: the app, the runner, and the batcher where it needs no thread."""
    live = serve(Model)
    asked(live, 50)
    between = {where for stack in Model.stacks for where in stack}
    assert {"serving/app.py", "serving/runner.py"} <= between <= THROUGH


def test_what_a_request_touches_on_its_way_is_known(serve: Serve) -> None:
    """A file that joins the path of every request joins this list, with its reason."""
    seen = asked(serve(Model), 50)
    assert set(seen) >= THROUGH
    assert set(seen) - THROUGH - set(TOUCHED) == set()
