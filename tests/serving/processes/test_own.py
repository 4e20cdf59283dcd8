from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

SERVICE = """
import os
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Request
from prometheus_client import Counter
from serving import NDArray, api, batched, service

CALLED = Counter("called", "Calls of the model, whoever made them.")
Rows = Annotated[np.ndarray, NDArray("float32", ("N", 3))]
router = APIRouter()


@router.get("/sum/{a}")
async def add(a: float, request: Request) -> dict:
    rows = np.full((1, 3), a, np.float32)
    answer = await request.app.state.service.double(rows)
    return {"sum": float(answer.sum()), "worker": os.getpid()}


@service(app={"/own": router})
class Own:
    @batched(max_rows=8)
    def double(self, rows):
        CALLED.inc()
        return rows * 2

    @api
    async def predict(self, rows: Rows) -> Rows:
        return await self.double(rows)
"""


def test_own_routes_are_in_every_worker_and_reach_the_runner(launch: Callable[..., Any], eventually: Any) -> None:
    """Both workers answer them through the one queue; the models were warmed up in the runner, uncounted."""
    served = launch("--workers", "2", "--runners", "1", target="own_service:Own", source=SERVICE)
    eventually(served.ready, 40)
    assert served.value("servewatch_runner_batch_size_count") == 0
    eventually(lambda: served.value("called_total") == 2, 5)
    workers: set[int] = set()

    def both() -> bool:
        code, content = served.ask("GET", "/own/sum/2")
        if code == 200:
            answer = json.loads(content)
            assert answer["sum"] == 12
            workers.add(answer["worker"])
        return len(workers) == 2

    eventually(both, 20)
    assert served.value("servewatch_runner_batch_size_sum") >= 2
    assert "/own/sum/{a}" in json.loads(served.ask("GET", "/openapi.json")[1])["paths"]
