"""`outputs=`: which part of an answer is watched, and labelled."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict

import numpy as np
import pytest
from pydantic import BaseModel
from torch import nn

from monitoring.reference import Feature, Reference
from serving import NDArray, Store, api, batched, service, use
from serving.errors import ServiceInvalid
from serving.service import definition

Array = Annotated[np.ndarray, NDArray("float32", ("N", 3))]
One = Annotated[np.ndarray, NDArray("float32", (3,))]
SURE = Feature("confidence", "output", (0, 40, 60, 0, 0), edges=(0.0, 0.5, 1.0), dtype="float32")
CLASS = Feature("predicted_class", "output", (3, 3, 4, 0, 0), values=("cat", "dog", "owl"))
CLASSES = ("cat", "dog", "owl")
SHARES = Reference((SURE, CLASS), {"outputs": {"kind": "probabilities"}}, accuracy=(0.5,) * 5, classes=CLASSES)
NAMES = Reference((CLASS,), {"outputs": {"kind": "classes"}}, classes=CLASSES)
NUMBER = Feature("prediction", "output", (0, 40, 60, 0, 0), edges=(0.0, 0.5, 1.0), dtype="float32")
NUMBERS = Reference((NUMBER,), {"outputs": {"kind": "numbers", "width": 1}})
CAT, DOG, OWL = [0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]


class Found(TypedDict):
    """What the endpoints of these tests answer."""

    label: str
    sure: float
    shares: list[float]


class Said(BaseModel):
    """The same, as pydantic has it."""

    label: str
    shares: list[float]


@dataclass
class Noted:
    """The same, as a dataclass."""

    label: str
    sure: float


def found(row: Any) -> Found:
    return {"label": CLASSES[int(row.argmax())], "sure": float(row.max()), "shares": row.tolist()}


@service(name="pets")
class Pets:
    """Its inputs are its model's probabilities."""

    model = use("pets:latest")

    @batched(watch=True, outputs="shares")
    def classify(self, rows: np.ndarray) -> list[Found]:
        return [found(row) for row in rows]

    @api
    async def name(self, rows: Array) -> list[str]:
        return [one["label"] for one in await self.classify(rows)]

    @api(batch=True, watch=True, outputs=("label", "sure"))
    def pairs(self, rows: Array) -> list[Found]:
        return [found(row) for row in rows]

    @api(watch=True, outputs="shares")
    async def one(self, row: One) -> Found:
        return found(row)

    @api(watch=True, outputs=("label", "sure"))
    def one_pair(self, row: One) -> Noted:
        return Noted(found(row)["label"], found(row)["sure"])

    @api(watch=True, outputs=lambda answer: [one["shares"] for one in answer["animals"]])
    async def whole(self, rows: Array) -> dict[str, list[Found]]:
        return {"animals": [found(row) for row in rows]}

    @api(watch=True, outputs="shares")
    async def said(self, rows: Array) -> list[Said]:
        return [Said(label="", shares=row.tolist()) for row in rows]


@pytest.fixture
def live(serve: Callable[..., Any], tmp_path: Path) -> Callable[..., Any]:
    """`live(reference, service)` serves it, with a model that has the reference."""

    def start(reference: Reference = SHARES, declared: type = Pets, **options: Any) -> Any:
        arguments = {"in_features": 3, "out_features": 3}
        Store(tmp_path / "models").save("pets:3", nn.Linear(3, 3), arguments=arguments, reference=reference)
        return serve(declared, **options)

    return start


def seen(live: Any, feature: Feature, reference: Reference = SHARES) -> list[float | None]:
    """The counts of a feature's bins, when all that was handed over is counted."""
    for watcher in live.lifecycle.watching._watchers.values():
        assert watcher.flush()
    whose = {"model": "pets", "model_version": "3", "reference": reference.hash, "role": "output"}
    name = "servewatch_feature_observations_total"
    return [live.value(name, **whose, feature=feature.name, bin=label) for label in feature.bins]


@pytest.mark.parametrize("path", ["/name", "/pairs", "/whole", "/said"])
def test_a_part_of_each_row_is_counted_and_labelled(live: Callable[..., Any], path: str) -> None:
    """Class and confidence are those of the part, and the answer's id carries them; the answer is as it was."""
    running = live()
    answer = running.post(path, [CAT, DOG, OWL])
    assert seen(running, CLASS) == [1, 1, 1, 0, 0]
    assert seen(running, SURE) == [0, 1, 2, 0, 0]
    labels = {"id": answer.headers["x-prediction-id"], "label": ["cat", "dog", "dog"]}
    receipt = running.post("/feedback", labels).json()
    assert (receipt["counted"], receipt["correct"]) == (3, 2)


@pytest.mark.parametrize("path", ["/one", "/one_pair"])
@pytest.mark.parametrize("row", [CAT, DOG, OWL])
def test_an_answer_that_is_one_thing_is_one_row(live: Callable[..., Any], path: str, row: list[float]) -> None:
    """Whether it runs on the event loop or on a thread, and answers a dict or an object."""
    running = live()
    answer = running.post(path, row)
    assert answer.json()["label"] == CLASSES[int(np.argmax(row))]
    assert seen(running, CLASS)[int(np.argmax(row))] == 1
    assert sum(seen(running, SURE)) == 1
    assert running.value("servewatch_feature_rows_failed_total", model="pets", model_version="3") == 0
    label = {"id": answer.headers["x-prediction-id"], "label": answer.json()["label"]}
    assert running.post("/feedback", label).json()["correct"] == 1


def test_a_pair_does_for_a_reference_of_classes(live: Callable[..., Any]) -> None:
    """The class is counted; of a confidence the reference knows nothing."""
    running = live(NAMES)
    assert running.post("/one_pair", OWL).status == 200
    assert seen(running, CLASS, NAMES) == [0, 0, 1, 0, 0]


def test_a_pair_does_for_a_reference_of_one_probability(live: Callable[..., Any]) -> None:
    """Where there are two classes and the model answers the second's probability, a sure first class is a low one."""

    @service(name="doors")
    class Doors:
        model = use("pets:latest")

        @api(watch=True, outputs=("label", "sure"))
        async def shut(self, answer: Noted) -> Noted:
            return answer

    kind = Feature("predicted_class", "output", (5, 5, 0, 0), values=("no", "yes"))
    two = Reference((SURE, kind), {"outputs": {"kind": "probability"}}, accuracy=(0.5,) * 5, classes=("no", "yes"))
    running = live(two, Doors)
    for label in ("no", "no", "yes"):
        assert running.post("/shut", {"label": label, "sure": 0.9}).status == 200
    assert seen(running, kind, two) == [2, 1, 0, 0]
    assert seen(running, SURE, two) == [0, 0, 3, 0, 0]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"sure": 0.9}, "outputs=('label', 'sure') found nothing in an answer: KeyError"),
        ({"label": "yeti", "sure": 0.9}, "an answer's class is none of the reference's 3"),
        ({"label": "cat", "sure": 0.1}, "an answer's confidence is not in 1/3 to 1"),
        ({"label": "cat", "sure": "very"}, "found nothing in an answer: ValueError"),
    ],
)
def test_an_answer_without_the_part_goes_out_and_is_counted_as_failed(
    live: Callable[..., Any], caplog: pytest.LogCaptureFixture, answer: dict[str, Any], why: str
) -> None:
    """It has no id; the log says why, and quotes nothing of it."""

    @service(name="odd")
    class Odd:
        model = use("pets:latest")

        @api(watch=True, outputs=("label", "sure"))
        async def echo(self, answer: dict[str, Any]) -> dict[str, Any]:
            return answer

    running = live(SHARES, Odd)
    came = running.post("/echo", answer)
    assert (came.status, came.json()) == (200, answer)
    assert "x-prediction-id" not in came.headers
    assert seen(running, CLASS) == [0] * 5
    assert running.value("servewatch_feature_rows_failed_total", model="pets", model_version="3") == 1
    told = [record.getMessage() for record in caplog.records if record.name == "monitoring.drift"]
    assert len(told) == 1
    assert why in told[0]
    assert "yeti" not in told[0]


def test_a_pair_for_a_model_of_numbers_fails_the_start(live: Callable[..., Any], eventually: Any) -> None:
    """There are no classes: the error names the method and says what to write."""
    running = live(NUMBERS, ready=False)
    eventually(lambda: running.lifecycle.state == "failed")
    assert "outputs=('label', 'sure'), and its model's reference has numbers" in str(running.lifecycle.error)
    assert "name the one part" in str(running.lifecycle.error)


def test_what_is_no_output_of_a_model_without_a_reference_is_dropped(
    live: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    """It serves, and the rows count as dropped, as without `outputs`."""
    with caplog.at_level(logging.WARNING):
        running = live(None)
    assert running.post("/name", [CAT, DOG]).status == 200
    assert running.value("servewatch_feature_rows_dropped_total", model="pets", model_version="3") == 2


def declare(outputs: Any, watch: Any = True, hint: Any = Any) -> type:
    async def judge(self: Any, row: One) -> Any: ...

    judge.__annotations__["return"] = hint
    return service(type("Judging", (), {"model": use("a"), "judge": api(watch=watch, outputs=outputs)(judge)}))


@pytest.mark.parametrize(
    ("outputs", "more", "told"),
    [
        (3, {}, "Judging.judge has outputs=3\nhelp: it is a key or attribute"),
        ("", {}, "Judging.judge has outputs=''"),
        (("label",), {}, "Judging.judge has outputs=('label',)"),
        (("label", 2), {}, "a pair of these for the predicted class and its confidence"),
        ("label", {"watch": False}, "outputs='label' and is not watched\nhelp: add watch=True"),
        ("lable", {"hint": Found}, "its answers have no 'lable'\nhelp: they have label, sure, shares"),
        (("label", "score"), {"hint": list[Said]}, "its answers have no 'score'\nhelp: they have label, shares"),
        ("sure_", {"hint": Noted}, "they have label, sure"),
        ("nope", {"hint": Array}, "its answers have no parts with names: they are ndarray"),
        ("nope", {"hint": np.ndarray}, "leave outputs='nope' out: an answer is watched as a whole"),
        ("nope", {"hint": list[list[float]]}, "no parts with names: they are list[list[float]]"),
        (("label", "sure"), {"hint": str}, "no parts with names: they are str"),
    ],
)
def test_what_cannot_be_a_part_is_refused(outputs: Any, more: dict[str, Any], told: str) -> None:
    """When the service is declared, with what the answers have where their annotation tells."""
    with pytest.raises(ServiceInvalid) as raised:
        declare(outputs, **more)
    assert told in str(raised.value)


@pytest.mark.parametrize("outputs", ["shares", ("label", lambda row: row["sure"])])
@pytest.mark.parametrize("hint", [Any, dict, list[dict[str, Any]], Found, "Elsewhere"])
def test_parts_of_what_may_have_names_are_taken(outputs: Any, hint: Any) -> None:
    """What the annotation does not tell is seen when the first answer is read."""

    def judge(self: Any, rows: np.ndarray) -> Any: ...

    judge.__annotations__["return"] = hint
    members = {"model": use("a"), "judge": batched(watch=True, outputs=outputs)(judge), "name": Pets.name}
    assert definition(service(type("Judging", (), members))).runners[0].outputs == outputs


def test_a_function_may_read_an_array() -> None:
    """It finds what has no name."""
    assert definition(declare(lambda row: row[:1], hint=Array)).endpoints[0].watch == "a"


def test_what_a_batched_method_answers_is_known_too() -> None:
    """By its annotation."""

    def judge(self: Any, rows: np.ndarray) -> np.ndarray: ...

    members = {"model": use("a"), "judge": batched(watch=True, outputs="nope")(judge), "name": Pets.name}
    with pytest.raises(ServiceInvalid, match="no parts with names: they are ndarray"):
        service(type("Judging", (), members))
