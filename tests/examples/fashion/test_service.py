from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import PIL.Image
import pytest
from starlette.testclient import TestClient

from examples.fashion.data import Dataset, digits
from examples.fashion.service import Fashion
from serving import Settings, create_app


@pytest.fixture(scope="module")
def data() -> Dataset:
    return digits()


@pytest.fixture(scope="module")
def client(trained: Any) -> Iterator[TestClient]:
    """The demo service over the trained model."""
    app = create_app(Fashion, Settings.load({}, home=trained.home, device="cpu"))
    with TestClient(app) as client:
        while app.lifecycle.state == "starting":
            client.get("/livez")
        assert app.lifecycle.state == "ready", app.lifecycle.error
        yield client


def png(picture: Any) -> bytes:
    file = io.BytesIO()
    PIL.Image.fromarray((picture * 255).round().astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def right(answers: list[Any], labels: Any) -> float:
    """The share of answers with the right label."""
    return float(np.mean([answer["label"] == str(label) for answer, label in zip(answers, labels, strict=True)]))


def test_a_png_gets_the_right_label(client: TestClient, data: Dataset) -> None:
    """28x28 PNGs as the body: nine of ten at least are right, and an answer has the contract's three fields."""
    answers = [
        client.post("/predict", content=png(picture), headers={"content-type": "image/png"}).json()
        for picture in data.test_images[:50]
    ]
    assert right(answers, data.test_labels[:50]) >= 0.9
    assert set(answers[0]) == {"label", "index", "probabilities"}
    assert answers[0]["probabilities"][answers[0]["index"]] == max(answers[0]["probabilities"])
    assert sum(answers[0]["probabilities"]) == pytest.approx(1, abs=1e-5)


def test_a_form_field_and_a_jpeg_are_taken_too(client: TestClient, data: Dataset) -> None:
    """Multipart field `image`, and JPEG, give the same label as PNG."""
    picture = data.test_images[0]
    plain = client.post("/predict", content=png(picture), headers={"content-type": "image/png"}).json()
    form = client.post("/predict", files={"image": ("a;b.png", png(picture), "image/png")}).json()
    file = io.BytesIO()
    PIL.Image.fromarray((picture * 255).astype(np.uint8)).save(file, "JPEG", quality=95)
    jpeg = client.post("/predict", content=file.getvalue(), headers={"content-type": "image/jpeg"}).json()
    assert form == plain
    assert jpeg["label"] == plain["label"]


def test_one_array_and_many_are_answered_in_kind(client: TestClient, data: Dataset) -> None:
    """One 28x28 gives one answer, N give N in order, as JSON and as npy, and all agree."""
    pictures = data.test_images[:100]
    many = client.post("/predict_array", json=pictures.tolist()).json()
    one = client.post("/predict_array", json=pictures[0].tolist()).json()
    file = io.BytesIO()
    np.save(file, pictures)
    as_npy = client.post("/predict_array", content=file.getvalue(), headers={"content-type": "application/x-npy"})
    assert right(many, data.test_labels[:100]) >= 0.9
    assert one["label"] == many[0]["label"]
    assert one["probabilities"] == pytest.approx(many[0]["probabilities"], abs=1e-5)
    assert [answer["label"] for answer in as_npy.json()] == [answer["label"] for answer in many]


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ([[0] * 14] * 56, 422, "expected an array of shape (N, 28, 28), or one row of (28, 28), got (56, 14)"),
        ([], 422, "expected an array of shape (N, 28, 28)"),
        ([[1e39] * 28] * 28, 422, "expected finite numbers, got inf"),
        ([["a"] * 28] * 28, 422, "got text"),
        ([[3e38] * 28] * 28, 422, "too large"),
    ],
)
def test_arrays_that_cannot_be_classified_are_refused(client: TestClient, body: Any, status: int, message: str) -> None:
    """Wrong shapes, values and numbers from which no probability can be computed are a client's error."""
    answer = client.post("/predict_array", json=body)
    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]


def test_a_picture_that_is_none_is_refused(client: TestClient) -> None:
    """A broken PNG is 400, and the service goes on."""
    answer = client.post("/predict", content=b"\x89PNG broken", headers={"content-type": "image/png"})
    assert (answer.status_code, "cannot be read" in answer.json()["error"]["message"]) == (400, True)
    assert client.get("/readyz").status_code == 200


def test_the_loaded_model_is_told(client: TestClient) -> None:
    """/readyz and the metrics name the model and its version."""
    (model,) = client.get("/readyz").json()["models"]
    assert model["name"] == "fashion_mnist"
    assert re.search(
        f'servewatch_model_info{{framework="pytorch",model="fashion_mnist",model_version="{model["version"]}",'
        'reference="[0-9a-f]{12}",service="fashion",version="1.0.0"} 1.0',
        client.get("/metrics").text,
    )
