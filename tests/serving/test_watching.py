from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from torch import nn

from monitoring.reference import Feature, Reference
from serving import NDArray, Store, api, batched, service, use
from serving.errors import ServiceInvalid

Array = Annotated[np.ndarray, NDArray("float32", ("N", 2))]
OBSERVED = "servewatch_feature_observations_total"
X, Y = (Feature(name, "input", (1, 8, 1, 0), edges=(0.0, 1.0), dtype="float32") for name in "xy")
CLASS = Feature("predicted_class", "output", (5, 5, 0, 0), values=("no", "yes"))
REFERENCE = Reference(
    (X, Y, CLASS),
    {"inputs": {"kind": "columns", "served": ["x", "y"], "dtype": "float32"}, "outputs": {"kind": "classes"}},
    classes=("no", "yes"),
)


@pytest.fixture
def stored(tmp_path: Path) -> Callable[[Reference | None], None]:
    """`stored(reference)` puts a model in the services' store which has it, or has none."""

    def put(reference: Reference | None) -> None:
        sizes = {"in_features": 2, "out_features": 1}
        Store(tmp_path / "models").save("judge:3", nn.Linear(2, 1), arguments=sizes, reference=reference)

    return put


@service(name="judging", version="1.0.0")
class Judging:
    model = use("judge:latest")

    @batched(watch=True)
    def decide(self, rows: np.ndarray) -> list[str]:
        return ["yes" if row.sum() > 1 else "no" for row in rows]

    @api
    async def judge(self, rows: Array) -> list[str]:
        return await self.decide(rows)

    @api(batch=True, watch="judge")
    def judge_all(self, rows: Array) -> list[str]:
        return ["no"] * len(rows)

    @api(watch=True)
    async def judge_rows(self, rows: Array) -> list[str]:
        return ["yes"] * len(rows)

    @api(watch=True)
    def judge_one(self, row: Annotated[np.ndarray, NDArray("float32", (2,))]) -> str:
        return "yes"

    @api
    async def unwatched(self, rows: Array) -> list[str]:
        return ["no"] * len(rows)


def seen(live: Any, feature: Feature) -> list[float | None]:
    """The counts of a feature's bins, when all that was handed over is counted."""
    for watcher in live.lifecycle.watching._watchers.values():
        assert watcher.flush()
    labels = {"model": "judge", "model_version": "3", "reference": REFERENCE.hash}
    return [
        live.value(OBSERVED, **labels, feature=feature.name, role=feature.role, bin=label) for label in feature.bins
    ]


@pytest.mark.parametrize(
    ("path", "body", "answered"),
    [
        ("/judge", [[0.5, 2.0], [-1.0, 0.5]], [1, 1]),
        ("/judge", [0.5, 2.0], [0, 1]),
        ("/judge_all", [[0.5, 2.0], [0.5, 0.5]], [2, 0]),
        ("/judge_rows", [[0.5, 2.0], [0.5, 0.5]], [0, 2]),
        ("/judge_one", [0.5, 2.0], [0, 1]),
    ],
)
def test_a_watched_method_is_counted_whatever_its_kind(
    serve: Callable[..., Any], stored: Callable[..., None], path: str, body: Any, answered: list[int]
) -> None:
    """Batches of a @batched method and of an endpoint, and requests one by one: each row once, with its answer."""
    stored(REFERENCE)
    live = serve(Judging)
    rows = np.atleast_2d(np.array(body))
    assert live.post(path, body).status == 200
    expected = [np.sum(rows[:, 0] <= 0), np.sum((rows[:, 0] > 0) & (rows[:, 0] <= 1)), np.sum(rows[:, 0] > 1), 0]
    assert seen(live, X) == expected
    assert seen(live, CLASS) == [*answered, 0, 0]
    assert live.value("servewatch_feature_rows_failed_total", model="judge", model_version="3") == 0


def test_nothing_is_counted_that_was_not_asked(serve: Callable[..., Any], stored: Callable[..., None]) -> None:
    """All bins are there at 0 when the service is ready: neither the warm-up nor other endpoints count."""
    stored(REFERENCE)
    live = serve(Judging)
    assert live.post("/unwatched", [[0.5, 2.0]]).status == 200
    assert live.post("/judge", [["x"]]).status == 422
    assert [*seen(live, X), *seen(live, CLASS)] == [0] * 8
    labels = {"model": "judge", "model_version": "3"}
    assert live.value("servewatch_model_info", **labels, framework="pytorch", reference=REFERENCE.hash) == 1


def test_a_model_without_a_reference_serves_says_so_and_counts_what_it_drops(
    serve: Callable[..., Any], stored: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the methods, the model and the command; the rows are counted as not watched."""
    stored(None)
    with caplog.at_level(logging.WARNING):
        live = serve(Judging)
    (warning,) = [r.getMessage() for r in caplog.records if r.name == "serving.watching"]
    assert "decide" in warning
    assert "the model judge:3 has no reference" in warning
    assert "servewatch reference learn DATA --model judge:3" in warning
    assert live.post("/judge", [[0.5, 2.0], [0.5, 0.5]]).status == 200
    labels = {"model": "judge", "model_version": "3"}
    assert live.value("servewatch_feature_rows_dropped_total", **labels) == 2
    assert live.value("servewatch_model_info", **labels, framework="pytorch", reference="") == 1


def test_a_batch_that_fails_is_not_counted(serve: Callable[..., Any], stored: Callable[..., None]) -> None:
    """What was not answered is neither an input nor an output; the request that can be answered is."""

    @service
    class Failing:
        model = use("judge:latest")

        @api(batch=True, watch=True)
        def judge(self, rows: Array) -> list[str]:
            if rows[0, 0] > 5:
                raise RuntimeError("too much")
            return ["no"] * len(rows)

    stored(REFERENCE)
    live = serve(Failing)
    assert live.post("/judge", [[9.0, 0.0]]).status == 500
    assert live.post("/judge", [[0.5, 0.0]]).status == 200
    assert seen(live, X) == [0, 1, 0, 0]


def test_both_pages_are_on_the_services_port_too(serve: Callable[..., Any], stored: Callable[..., None]) -> None:
    """/metrics has the counters, /metrics/reference what they are compared with."""
    stored(REFERENCE)
    live = serve(Judging)
    assert (
        f'reference="{REFERENCE.hash}",feature="x",role="input",bin="00"}} 0\n'.encode() in live.get("/metrics").content
    )
    reference = live.get("/metrics/reference").content
    assert b"servewatch_feature_reference_rows{" in reference
    assert b"servewatch_requests_total" not in reference


def declare(watch: Any, *tags: str, streams: bool = False) -> type:
    """A service that watches one endpoint and uses these models."""

    async def plain(self: Any, text: str) -> str:
        return text

    async def stream(self: Any, text: str) -> Any:
        yield text

    method = stream if streams else plain
    method.__name__ = "echo"
    members = {f"model_{at}": use(tag) for at, tag in enumerate(tags)}
    return service(type("Echo", (), {**members, "echo": api(watch=watch)(method)}))


@pytest.mark.parametrize(
    ("watch", "tags", "told"),
    [
        (True, (), "Echo.echo has watch=True, and the service uses no model\nhelp: declare the model"),
        (True, ("a", "b"), "watch=True, and the service uses the models a, b\nhelp: write watch='a'"),
        ("c", ("a",), "watch='c', and the service uses the models a\nhelp: write watch='a'"),
        ("", ("a",), "watch='', and the service uses the models a"),
    ],
)
def test_a_watch_that_names_no_model_is_refused(watch: Any, tags: tuple[str, ...], told: str) -> None:
    """The error says which models there are, when the service is declared."""
    with pytest.raises(ServiceInvalid) as raised:
        declare(watch, *tags)
    assert told in str(raised.value)


def test_a_stream_cannot_be_watched() -> None:
    """What is yielded item by item has no rows."""
    with pytest.raises(ServiceInvalid, match=r"Echo\.echo yields and is watched"):
        declare(True, "a", streams=True)


def test_two_uses_of_one_model_are_one(tmp_path: Path) -> None:
    """A service that uses two versions of a model names it once."""
    assert declare(True, "a:1", "a:2") is not None
