"""Labels where a service has several workers: any takes any label, all remember as one."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from monitoring.reference import Feature, Reference
from serving import Store

CONFIDENCE = Feature("confidence", "output", (0, 40, 60, 0), edges=(0.0, 0.75), dtype="float32")
REFERENCE = Reference(
    (CONFIDENCE,), {"outputs": {"kind": "probabilities"}}, accuracy=(0.5, 0.6, 0.9, 0.5), classes=("no", "yes")
)
SOURCE = """
from typing import Annotated
import numpy as np
from serving import NDArray, api, batched, service, use

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 2))]

@service
class Judging:
    model = use("judge:latest")

    @batched(watch=True)
    def judge(self, rows):
        return rows

    @api
    async def shares(self, rows: Rows) -> Rows:
        return await self.judge(rows)
"""


def _post(served: Any, path: str, value: Any) -> tuple[Any, str]:
    """On a connection of its own, which either worker may get."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)) as connection:
        connection.request("POST", path, json.dumps(value), {"content-type": "application/json"})
        answer = connection.getresponse()
        return json.loads(answer.read()), answer.getheader("x-prediction-id", "")


def test_each_label_is_counted_once_over_all_workers(
    launch: Callable[..., Any], tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    """Of 200 labels, each sent three times to whichever worker takes it, 200 are counted and 400 are duplicates."""
    Store(tmp_path / "models").save(
        "judge:1", nn.Linear(2, 2), arguments={"in_features": 2, "out_features": 2}, reference=REFERENCE
    )
    served = launch("--workers", "2", target="judging:Judging", source=SOURCE, SERVEWATCH_HOME=str(tmp_path))
    eventually(served.ready, 30)
    assert served.page().count("servewatch_feedback_labelled_total{") == 4
    ids = [_post(served, "/shares", [[0.1, 0.9], [0.6, 0.4]])[1] for _ in range(100)]
    assert len(set(ids)) == 100
    receipts = [_post(served, "/feedback", {"id": text, "label": ["yes", 1]})[0] for _ in range(3) for text in ids]
    assert sum(receipt["counted"] for receipt in receipts) == 200
    assert sum(receipt["rejected"]["duplicate"] for receipt in receipts) == 400
    eventually(lambda: served.value("servewatch_feedback_labelled_total", bin="01") == 100)
    assert served.value("servewatch_feedback_labelled_total", bin="02") == 100
    assert served.value("servewatch_feedback_correct_total", bin="02") == 100
    assert served.value("servewatch_feedback_correct_total", bin="01") == 0
    assert served.value("servewatch_feedback_rejected_total", reason="duplicate", model="judge") == 400
