from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from serving.store import Store

TEXT = {"content-type": "text/plain"}
COUNTED = ("servewatch_requests_total", "servewatch_runner_requests_total", "seen_total")

SERVICE = '''
import sys
import numpy as np
from prometheus_client import Gauge
from serving import api, batched, service, use

IMPORTED = Gauge("torch_imported", "Processes of the service that have PyTorch.")
IMPORTED.set_function(lambda: float("torch" in sys.modules))

@service
class Flowers:
    model = use("flowers")

    def __init__(self):
        self.classes = self.model.objects["classes"]

    @batched()
    def run(self, rows):
        return self.model(rows)

    @api
    async def predict(self, row: list[float]) -> dict:
        scores = (await self.run(np.array([row], "float32")))[0]
        return {"class": self.classes[int(scores.argmax())], "version": self.model.version}

    @api
    async def here(self, row: list[float]) -> list:
        """Calls the model in the worker, which then has to load it."""
        return self.model(np.array([row], "float32")).tolist()
'''

SLOW = """
import os, threading
from pathlib import Path
from serving import api, service

@service
class Slow:
    def __init__(self):
        threading.Event().wait(0.5 + os.getpid() % 3 if not (Path(FOLDER) / "slow").exists() else 2)
        (Path(FOLDER) / f"started-{os.getpid()}").touch()

    @api
    async def words(self, text: str) -> str:
        return text
"""


RUNNER_LAST = """
import multiprocessing, os, threading
from serving import api, service

@service
class Slow:
    def __init__(self):
        threading.Event().wait(4 if "runner" in multiprocessing.current_process().name else 1)

    @api
    async def pid(self, text: str) -> int:
        return os.getpid()
"""


def test_a_killed_worker_costs_its_own_connections_only(
    whole: Callable[..., Any], load: Callable[..., Any], eventually: Any
) -> None:
    """kill -9 of a worker under load: its connections are cut, all others answered, another takes its place."""
    served = whole()
    one = load(served, "/slow", 16)
    eventually(lambda: one.codes[200] >= 48, 20)
    page = served.page()
    before = {name: served.total(page, name) for name in COUNTED}
    killed = served.children("worker")[0]
    os.kill(killed, signal.SIGKILL)
    answered = one.codes[200]
    for _ in range(10):
        page = served.page()
        now = {name: served.total(page, name) for name in COUNTED}
        assert all(now[name] >= before[name] for name in COUNTED)
        before = now
    eventually(lambda: len(served.children("worker")) == 2 and killed not in served.children("worker"), 10)
    eventually(lambda: one.codes[200] >= answered + 200, 20)
    codes = one.stop()
    assert set(codes) <= {200, "cut"}
    assert codes["cut"] <= 16
    eventually(lambda: served.value("servewatch_runner_requests_in_progress") == 0, 5)
    assert served.value("servewatch_runner_queue_requests") == 0
    assert one.wrong == []


def test_a_worker_that_is_not_ready_takes_no_request_from_one_that_is(
    launch: Callable[..., Any], eventually: Any, tmp_path: Path
) -> None:
    """Until the first worker can answer it says 503; after that nobody hears of another's start, or of its next."""
    source = SLOW.replace("FOLDER", repr(str(tmp_path)))
    served = launch("--workers", "3", "--runners", "1", target="slow_service:Slow", source=source)
    eventually(lambda: served.status("/readyz") == 503, 20)
    eventually(served.ready, 30)

    def answers() -> set[int]:
        return {served.post("/words", b"x", **TEXT)[0] for _ in range(20)}

    assert answers() == {200}
    eventually(lambda: len(list(tmp_path.glob("started-*"))) == 4, 20)
    (tmp_path / "slow").touch()
    victim = served.children("worker")[0]
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: victim not in served.children("worker"), 10)
    heard: set[int] = set()
    while len(list(tmp_path.glob("started-*"))) < 5:
        heard |= answers()
    assert heard | answers() == {200}


def test_the_first_worker_is_no_herald_again_once_it_has_answered(launch: Callable[..., Any], eventually: Any) -> None:
    """Killed while the runner still loads, it comes back without anybody hearing that it is not ready."""
    served = launch("--workers", "2", "--runners", "1", target="slow_service:Slow", source=RUNNER_LAST)
    eventually(served.ready, 30)
    victim = int(served.post("/pid", b"x", **TEXT)[1])
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: victim not in served.children("worker"), 10)
    status, answer = served.post("/pid", b"x", **TEXT)
    assert (status, int(answer) == victim) == (200, False)


def test_weights_are_loaded_in_the_runner_and_in_a_worker_only_when_called_there(
    launch: Callable[..., Any], eventually: Any, tmp_path: Path
) -> None:
    """Two workers know the model's version and classes without PyTorch; the runner has it."""
    Store(tmp_path / "models").save("flowers:1", nn.Identity(), custom={"classes": ["rose", "tulip"]})
    home = str(tmp_path)
    served = launch("--workers", "2", target="flower_service:Flowers", source=SERVICE, SERVEWATCH_HOME=home)
    eventually(served.ready, 40)
    code, answer = served.post("/predict", b"[1, 0]")
    assert (code, answer) == (200, b'{"class":"rose","version":"1"}')
    assert served.value("torch_imported") == 1
    assert served.value("servewatch_model_info", model="flowers", model_version="1") == 1
    assert served.value("servewatch_model_saved_timestamp_seconds", model="flowers", model_version="1") > 1.7e9
    assert b'{"name":"flowers","version":"1"}' in served.ask("GET", "/healthz")[1]
    assert served.post("/here", b"[1, 0]") == (200, b"[[1.0,0.0]]")
    assert served.value("torch_imported") == 2
