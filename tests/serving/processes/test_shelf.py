from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from monitoring.drift.counts import Counts
from monitoring.drift.watched import Watched
from monitoring.reference import Feature, Reference
from serving import Store
from serving.processes.shelf import Shelf

OBSERVED = "servewatch_feature_observations_total"
FEATURES = (
    Feature("x", "input", (1, 8, 1, 0), edges=(0.0, 1.0), dtype="float32"),
    Feature("prediction", "output", (1, 8, 1, 0), edges=(0.0, 1.0), dtype="float32"),
)
REFERENCE = Reference(
    FEATURES,
    {"inputs": {"kind": "columns", "served": ["x", "y"], "dtype": "float32"}, "outputs": {"kind": "numbers"}},
)
SOURCE = """
from typing import Annotated
import numpy as np
from serving import NDArray, api, batched, service, use

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 2))]

@service
class Adding:
    model = use("adder:latest")

    @batched(watch=True)
    def add(self, rows):
        return rows.sum(axis=1)

    @api
    async def total(self, rows: Rows) -> list[float]:
        return (await self.add(rows)).tolist()

    @api(watch=True)
    async def rows(self, rows: Rows) -> list[float]:
        return rows.sum(axis=1).tolist()
"""


def test_places_are_given_once_and_until_the_memory_is_full() -> None:
    """Who watches the same gets the same place; what does not fit is refused, and not shown."""
    shelf = Shelf(3, 512)
    one, other = (Watched({"model": name}, REFERENCE) for name in ("one", "other"))
    assert [shelf.place(watched) for watched in (one, other, one)] == [0, 192, 0]
    assert shelf.place(Watched({"model": "third"}, REFERENCE)) is None
    (section,) = shelf.board.sections()
    assert section[1].count("\n") == 2 * 8
    assert "third" not in section[1]


@pytest.fixture
def adding(launch: Callable[..., Any], tmp_path: Path, eventually: Callable[..., Any]) -> Any:
    """A watched service with two workers and two runners."""
    Store(tmp_path / "models").save("adder:1", nn.Linear(2, 1), arguments={"in_features": 2, "out_features": 1},
                                    reference=REFERENCE)  # fmt: skip
    flags = ("--workers", "2", "--runners", "2")
    served = launch(*flags, target="adding:Adding", source=SOURCE, SERVEWATCH_HOME=str(tmp_path))
    eventually(served.ready, 30)
    yield served
    served.popen.kill()
    served.popen.wait(10)


def ask(served: Any, path: str, times: int) -> int:
    """So many requests of three rows, in two of which x is in bin 01."""
    answers = [served.post(path, b"[[0.5, 0], [1, 0], [7, 0]]")[0] for _ in range(times)]
    return answers.count(200)


def test_all_processes_count_into_one_page(adding: Any, eventually: Callable[..., Any]) -> None:
    """Batches in two runners and requests in two workers: each row once, on the metrics port and on the service's."""
    assert adding.page().count(f"{OBSERVED}{{") == 8
    assert ask(adding, "/total", 40) == ask(adding, "/rows", 40) == 40
    eventually(lambda: adding.value(OBSERVED, feature="x") == 240)
    for port in (adding.metrics_port, adding.port):
        page = adding.page(port)
        assert adding.total(page, OBSERVED, feature="x", bin="01", reference=REFERENCE.hash) == 160
        assert adding.total(page, OBSERVED, feature="prediction", bin="02") == 80
        assert adding.total(page, "servewatch_model_info", reference=REFERENCE.hash) == 1
        assert page.count(f"# TYPE {OBSERVED}") == 1


@pytest.mark.parametrize("role", ["runner", "worker"])
def test_what_killed_processes_counted_stays(adding: Any, eventually: Callable[..., Any], role: str) -> None:
    """No counter goes back when a process dies without a word, and the one that follows goes on from there."""
    eventually(lambda: len(adding.children(role)) == 2)
    ask(adding, "/total", 10)
    ask(adding, "/rows", 10)
    eventually(lambda: adding.value(OBSERVED, feature="x") == 60)
    victims = adding.children(role)
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    eventually(lambda: len(adding.children(role)) == 2 and not {*victims} & {*adding.children(role)}, 30)
    eventually(adding.ready, 30)
    assert adding.value(OBSERVED, feature="x") == 60
    ask(adding, "/total", 10)
    ask(adding, "/rows", 10)
    eventually(lambda: adding.value(OBSERVED, feature="x") == 120)
    assert adding.page().count(f"{OBSERVED}{{") == 8


def test_a_row_is_its_places_alone() -> None:
    """Two processes that add at the same time write to different memory."""
    table = np.zeros((2, 3), np.int64)
    Counts(table, 1).add(np.array([1, 2, 3]))
    assert table.tolist() == [[0, 0, 0], [1, 2, 3]]
