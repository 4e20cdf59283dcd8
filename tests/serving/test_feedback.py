"""serving/feedback.py: answers carry ids, and labels that come for them are counted."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Annotated, Any

import numpy as np
import pytest

from monitoring.reference import Feature, Reference
from serving import NDArray, api, batched, create_app, service, use
from serving.errors import ServiceInvalid, SettingInvalid
from serving.feedback import MOST_BYTES, MOST_LABELS, secret
from serving.lifecycle import Lifecycle
from serving.settings import Settings
from serving.store.model import ModelInfo

Array = Annotated[np.ndarray, NDArray("float32", ("N", 3))]
CONFIDENCE = Feature("confidence", "output", (0, 40, 60, 0, 0), edges=(0.0, 0.5, 1.0), dtype="float32")
NUMBER = Feature("prediction", "output", (0, 40, 60, 0, 0), edges=(0.0, 0.5, 1.0), dtype="float32")
REFERENCE = Reference(
    (CONFIDENCE,),
    {"outputs": {"kind": "probabilities"}},
    accuracy=(0.5, 0.6, 0.9, 0.9, 0.5),
    classes=("cat", "dog", "owl"),
)
NUMBERS = Reference((NUMBER,), {"outputs": {"kind": "numbers", "width": 1}})
NOTHING = {"unmatched": 0, "late": 0, "duplicate": 0, "invalid": 0}
HEADER = "x-prediction-id"


@pytest.fixture(autouse=True)
def stored(monkeypatch: pytest.MonkeyPatch) -> Callable[[Reference | None], None]:
    """`stored(reference)` is what the store's models have; as long as it is not called, classes with a confidence."""

    def give(reference: Reference | None) -> None:
        def load(self: Lifecycle, tag: str) -> Any:
            info = ModelInfo(tag.partition(":")[0], "3", "sums", "2026-01-01T00:00:00+00:00")
            return self._loaded(SimpleNamespace(info=info, name=info.name, version="3", reference=reference))

        monkeypatch.setattr(Lifecycle, "_load", load)

    give(REFERENCE)
    return give


@service(name="pets", version="1")
class Pets:
    """Its inputs are the probabilities that it answers."""

    model = use("pets:latest")

    @batched(watch=True)
    def classify(self, rows: np.ndarray) -> np.ndarray:
        return rows

    @batched
    def unwatched(self, rows: np.ndarray) -> np.ndarray:
        return rows

    @api
    async def name(self, rows: Array) -> list[int]:
        return (await self.classify(rows)).argmax(axis=1).tolist()

    @api
    async def name_each(self, rows: Array) -> list[int]:
        return [int((await self.classify(row[None]))[0].argmax()) for row in rows]

    @api
    async def plain(self, rows: Array) -> list[int]:
        return (await self.unwatched(rows)).argmax(axis=1).tolist()

    @api(batch=True, watch=True)
    def shares(self, rows: Array) -> np.ndarray:
        return rows

    @api(watch=True)
    async def one(self, row: Annotated[np.ndarray, NDArray("float32", (3,))]) -> np.ndarray:
        return row


CAT, DOG, OWL = [0.9, 0.05, 0.05], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]


def _counts(live: Any, name: str = "labelled", model: str = "pets") -> list[float | None]:
    whose = {"model": model, "model_version": "3", "reference": REFERENCE.hash}
    return [live.value(f"servewatch_feedback_{name}_total", **whose, bin=at) for at in CONFIDENCE.bins]


def test_a_label_for_an_answer_is_counted(serve):
    """The id in its header brings the label to the bin of its confidence; all bins are there from the start."""
    live = serve(Pets)
    assert _counts(live) == _counts(live, "correct") == [0, 0, 0, 0, 0]
    answer = live.post("/name", [CAT])
    assert len(answer.headers[HEADER]) < 80
    receipt = live.post("/feedback", {"id": answer.headers[HEADER], "label": "cat"})
    assert (receipt.status, receipt.json()) == (200, {"counted": 1, "correct": 1, "rejected": NOTHING, "problems": []})
    assert live.post("/feedback", {"id": live.post("/name", [OWL]).headers[HEADER], "label": 0}).json()["correct"] == 0
    assert _counts(live) == [0, 1, 1, 0, 0]
    assert _counts(live, "correct") == [0, 0, 1, 0, 0]


@pytest.mark.parametrize("path", ["/name", "/name_each", "/shares"])
def test_an_answer_of_several_rows_has_one_id_of_all_in_their_order(serve, path):
    """Whether one call or several led to it, its rows are labelled as they were sent."""
    live = serve(Pets)
    text = live.post(path, [CAT, DOG, OWL]).headers[HEADER]
    receipt = live.post("/feedback", {"id": text, "label": ["cat", "dog", "dog"]}).json()
    assert (receipt["counted"], receipt["correct"]) == (3, 2)


def test_an_endpoint_that_answers_one_thing_has_an_id_of_one_row(serve):
    """What is watched of an endpoint that is not batched is its answer."""
    live = serve(Pets)
    text = live.post("/one", DOG).headers[HEADER]
    assert live.post("/feedback", {"id": text, "label": "dog"}).json()["correct"] == 1


def test_answers_that_nothing_watched_led_to_have_no_id(serve):
    """Neither an unwatched method, nor an error, nor a health check has one."""
    live = serve(Pets)
    assert HEADER not in live.post("/plain", [CAT]).headers
    assert HEADER not in live.post("/name", "no").headers
    assert HEADER not in live.get("/healthz").headers


def test_an_endpoint_of_several_models_has_an_id_for_each(serve):
    """They stand in one header with the models' names, and can be labelled together or apart."""

    @service(name="both", version="1")
    class Both:
        pets, birds = use("pets:latest"), use("birds:latest")

        @batched(watch="pets")
        def first(self, rows: np.ndarray) -> np.ndarray:
            return rows

        @batched(watch="birds")
        def second(self, rows: np.ndarray) -> np.ndarray:
            return rows[:, ::-1]

        @api
        async def ask(self, rows: Array) -> list[int]:
            await self.first(rows)
            return (await self.second(rows)).argmax(axis=1).tolist()

    live = serve(Both)
    text = live.post("/ask", [CAT]).headers[HEADER]
    parts = dict(part.split("=") for part in text.split(", "))
    assert list(parts) == ["pets", "birds"]
    assert live.post("/feedback", {"id": parts["birds"], "label": "owl"}).json()["correct"] == 1
    assert live.post("/feedback", {"id": text, "label": "cat"}).json()["rejected"] == {**NOTHING, "duplicate": 1}
    assert (_counts(live), _counts(live, model="birds")) == ([0, 0, 1, 0, 0], [0, 0, 1, 0, 0])


@pytest.mark.parametrize("media", ["application/json", "application/x-ndjson"])
def test_labels_come_as_a_list_or_as_lines(serve, media):
    """Both are counted, and a problem tells the place of what it is about."""
    live = serve(Pets)
    items = [f'{{"id": "{live.post("/name", [CAT]).headers[HEADER]}", "label": "cat"}}' for _ in range(120)]
    items[70] = '{"id": "no", "label": "cat"}'
    body = "\n".join(items) if "nd" in media else f"[{','.join(items)}]"
    receipt = live.post("/feedback", body.encode(), content_type=media).json()
    assert (receipt["counted"], receipt["rejected"]["invalid"]) == (119, 1)
    assert [problem["item"] for problem in receipt["problems"]] == [70]


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "not JSON"),
        (b"\xff\xfe", 400, "not JSON"),
        (b"[]", 422, "there is no label"),
        (b"[" * 5000, 400, "not JSON"),
        (b"[" + b"0," * MOST_LABELS + b"0]", 413, f"at most {MOST_LABELS}"),
        (b'"' + b"x" * MOST_BYTES + b'"', 413, "several requests"),
    ],
)
def test_a_body_that_is_no_labels_is_refused(serve, body, status, said):
    """It has its own status, says what is taken, and the service serves on."""
    live = serve(Pets)
    answer = live.post("/feedback", body)
    assert answer.status == status
    assert said in answer.error["message"] + answer.error["help"]
    assert live.get("/feedback").status == 405
    assert live.post("/name", [CAT]).status == 200


def test_hostile_labels_are_rejected_and_counted(serve):
    """Hundreds of random and damaged bodies: each is answered below 500, and what is real is counted still."""
    live, chance = serve(Pets), random.Random(0)
    real = live.post("/name", [CAT, DOG]).headers[HEADER]
    odd = ["null", "1e999", '""', "[]", "{}", '"\\ud800"', f'"{real[:9]}"', f'"{real}"', "[[[]]]", "-0.0", "9" * 40]
    for _ in range(300):
        pairs = ",".join(f'"{chance.choice(["id", "label", "row", "x"])}":{chance.choice(odd)}' for _ in range(3))
        body = bytearray(f"[{{{pairs}}}]".encode())
        for _ in range(chance.choice([0, 0, 1, 3])):
            body[chance.randrange(len(body))] = chance.randrange(256)
        assert live.post("/feedback", bytes(body)).status in (200, 400, 413, 422)
    assert live.post("/feedback", {"id": real, "label": ["cat", "dog"]}).status == 200
    assert sum(filter(None, _counts(live))) == 2


def test_without_classes_labels_are_refused_and_answers_have_no_id(serve, stored):
    """A model that predicts numbers, or one without a reference, says so, and is served as ever."""
    for reference, said in ((NUMBERS, "'pets' predicts no classes"), (None, "'pets' has no reference")):
        stored(reference)
        live = serve(Pets)
        assert HEADER not in live.post("/shares", [CAT]).headers
        answer = live.post("/feedback", {"id": "x", "label": 1})
        assert (answer.status, answer.error["code"]) == (422, "no_labels")
        assert said in answer.error["message"]


def test_a_service_that_watches_nothing_has_no_such_route(serve):
    """POST /feedback is 404 there, and may be an endpoint of one's own; where labels are taken it may not."""

    @service
    class Own:
        @api
        async def feedback(self, text: str) -> str:
            return text

        @api
        async def other(self, text: str) -> str:
            return text

    assert serve(Own).post("/feedback", b"hello", content_type="text/plain").content == b"hello"
    assert "/feedback" in serve(Pets).get("/openapi.json").json()["paths"]
    Clash = service(type("Clash", (Pets,), {"feedback": Own.__dict__["feedback"]}))
    with pytest.raises(ServiceInvalid, match="collides with where the labels"):
        create_app(Clash, Settings.load({}))


def test_a_minimum_of_accuracy_is_shown_where_the_settings_have_one(serve):
    """Alerts read it from the service; without it there is no such series."""
    whose = {"model": "pets", "model_version": "3", "reference": REFERENCE.hash}
    assert serve(Pets).value("servewatch_accuracy_minimum_ratio", **whose) is None
    assert serve(Pets, accuracy_minimum=0.9).value("servewatch_accuracy_minimum_ratio", **whose) == 0.9


def test_the_secret_is_the_settings_or_a_files(tmp_path):
    """One of the two, and a file that is there and not empty."""
    (tmp_path / "key").write_text("hush\n")
    (tmp_path / "empty").write_text("\n")
    assert secret(Settings.load({"SERVEWATCH_FEEDBACK_KEY": "hush"})) == b"hush"
    assert secret(Settings.load({"SERVEWATCH_FEEDBACK_KEY_FILE": str(tmp_path / "key")})) == b"hush"
    assert secret(Settings.load({})) == b""
    for file, key, said in (("key", "x", "give one"), ("none", "", "No such file"), ("empty", "", "it is empty")):
        with pytest.raises(SettingInvalid, match=said):
            secret(Settings.load({}, feedback_key_file=str(tmp_path / file), feedback_key=key or None))


def test_ids_of_another_secret_are_unmatched(serve):
    """A service with a secret of its own counts no label for an id that was signed without it."""
    text = serve(Pets).post("/name", [CAT]).headers[HEADER]
    live = serve(Pets, feedback_key="hush")
    assert live.post("/feedback", {"id": text, "label": "cat"}).json()["rejected"] == {**NOTHING, "unmatched": 1}
    assert live.post("/feedback", {"id": live.post("/name", [CAT]).headers[HEADER], "label": 0}).json()["counted"] == 1
