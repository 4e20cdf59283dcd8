"""What `from serving import …` gives, put together as a user would."""

from __future__ import annotations

import http.client
import io
import random
from collections.abc import Callable
from typing import Annotated, Any

import numpy as np
import PIL.Image
import pytest
from pydantic import BaseModel

import serving
from serving import Image, NDArray, api, batched, service


class Review(BaseModel):
    """What somebody wrote."""

    text: str
    stars: int = 3


class Mood(BaseModel):
    """What it sounds like."""

    positive: bool
    score: float


@service(version="0.3.0")
class Moods:
    """Tells friendly reviews from others."""

    words = {"good": 1.0, "great": 2.0, "bad": -2.0}

    @batched(max_rows=32)
    def score(self, reviews: list[Review]) -> list[float]:
        return [sum(self.words.get(word, 0.0) for word in review.text.split()) for review in reviews]

    @api
    async def judge(self, review: Review, threshold: float = 0.0) -> Mood:
        """Judges one review."""
        (score,) = await self.score([review])
        return Mood(positive=score > threshold, score=score)

    @api
    async def judge_all(self, reviews: list[Review]) -> list[Mood]:
        """Judges many."""
        return [Mood(positive=score > 0, score=score) for score in await self.score(reviews)]


@service
class Darkroom:
    """Works on pictures."""

    @api
    def negative(self, photo: Annotated[np.ndarray, Image(mode="L")]) -> Annotated[np.ndarray, Image()]:
        """The negative, as a PNG."""
        return 255 - photo

    @api
    def size(self, photo: PIL.Image.Image) -> dict[str, int]:
        """How large it is."""
        return {"width": photo.width, "height": photo.height}

    @api(path="/v1/mean")
    def mean(self, photo: Annotated[np.ndarray, NDArray("uint8", ("H", "W"))]) -> float:
        """The mean grey value."""
        return float(photo.mean())


def test_a_service_of_pydantic_models(serve: Callable[..., Any]) -> None:
    """Models come in and go out as JSON, a batched method takes lists of them, the query has its default."""
    live = serve(Moods)
    assert live.post("/judge", {"text": "a great day"}).json() == {"positive": True, "score": 2.0}
    assert live.post("/judge?threshold=5", {"text": "a great day"}).json()["positive"] is False
    assert [m["score"] for m in live.post("/judge_all", [{"text": "good"}, {"text": "bad"}]).json()] == [1, -2]
    refused = live.post("/judge", {"stars": "many"})
    assert refused.status == 422
    assert "text: Field required" in refused.error["message"]
    assert live.value("servewatch_runner_batch_size_sum", runner="score") == 4


def test_a_service_of_pictures(serve: Callable[..., Any]) -> None:
    """Pictures come in as arrays or Pillow images, and go out as PNG."""
    live, file = serve(Darkroom), io.BytesIO()
    PIL.Image.fromarray(np.full((4, 6), 55, dtype=np.uint8)).save(file, "PNG")
    answer = live.post("/negative", file.getvalue(), content_type="image/png")
    assert answer.headers["content-type"] == "image/png"
    assert np.asarray(PIL.Image.open(io.BytesIO(answer.content))).tolist() == [[200] * 6] * 4
    assert live.post("/size", file.getvalue(), content_type="image/png").json() == {"width": 6, "height": 4}
    assert live.post("/v1/mean", [[1, 2], [3, 4]]).json() == 2.5


PIECES = [
    b"[", b"]", b"1", b",", b"-", b"1e999", b'"', b"{", b"}", b":", b"null", b"NaN", b"\0", b"\xff",
    b"\x93NUMPY\x01\x00",
    b"\x89PNG\r\n\x1a\n", b"--x\r\n", b"--x--", b'Content-Disposition: form-data; name="photo"\r\n\r\n', b"\r\n", b" ",
]  # fmt: skip
MEDIA = [
    "", "application/json", "application/x-npy", "image/png", "multipart/form-data; boundary=x", "multipart/form-data",
    "text/plain", ";;;", "a/b", "application/json; charset=\xff",
]  # fmt: skip
PATHS = ["/negative", "/size", "/v1/mean", "/v1/mean?%zz=1&=&a", "/nowhere", "/negative/", "//size", "/%00", "/..%2f"]
METHODS = ["POST"] * 6 + ["GET", "PUT", "OPTIONS", "HEAD", "PATCH"]


def test_two_thousand_hostile_requests_leave_no_trace(serve: Callable[..., Any]) -> None:
    """Whatever methods, paths, types and bodies come: no 5xx, no new series, nothing in progress, and it goes on."""
    live, dice = serve(Darkroom), random.Random(7)
    live.get("/nowhere")
    series = len([s for family in live.registry.collect() for s in family.samples])
    connection, statuses = http.client.HTTPConnection("127.0.0.1", live.port, timeout=10), set()
    for _ in range(2000):
        body = b"".join(dice.choices(PIECES, k=dice.randrange(12)))
        headers = {"content-type": dice.choice(MEDIA), "x-request-id": dice.choice(["", "a b", "x" * 300, "ok"])}
        connection.request(dice.choice(METHODS), dice.choice(PATHS), body, headers)
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
    connection.close()
    assert {200, 400, 404, 405, 415, 422} >= statuses - {307}
    assert len([s for family in live.registry.collect() for s in family.samples]) == series
    for endpoint in ("negative", "size", "mean"):
        assert live.value("servewatch_requests_in_progress", endpoint=endpoint) == 0
        assert live.count(500, endpoint) == 0
    assert live.post("/v1/mean", [[1]]).json() == 1


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"POST /size HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /size HTTP/1.1\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n",
        b"GET " + b"/x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"POST /size HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", b"\0" * 1000,
        b"GET /livez HTTP/1.1\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
    ],
)  # fmt: skip
def test_what_is_no_http_does_not_disturb_the_service(serve: Callable[..., Any], data: bytes) -> None:
    """Bytes that are no request are answered or cut off, and the next client is served."""
    live = serve(Darkroom)
    with live.connect() as client:
        client.sendall(data)
        client.settimeout(1)
        try:
            answer = client.recv(1000)
        except (TimeoutError, ConnectionResetError):
            answer = b""
        assert not answer.startswith(b"HTTP/1.1 5")
    assert live.post("/v1/mean", [[1]]).json() == 1


def test_the_public_names_are_there() -> None:
    """Each name of __all__ can be imported."""
    assert [name for name in serving.__all__ if not hasattr(serving, name)] == []
