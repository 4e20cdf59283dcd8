from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from serving import JSON
from serving.errors import InvalidInput, ServewatchError, UnfitInput, UnsupportedMedia
from serving.types import Body

MEDIA = "application/json"


class Flower(BaseModel):
    """What the tests read."""

    petal: float
    colour: str = "white"
    rows: list[int] = Field(default_factory=list, max_length=3)


FLOWER = JSON(Flower)


def refusal(kind: JSON, data: bytes, media: str = MEDIA) -> ServewatchError:
    with pytest.raises(ServewatchError) as caught:
        kind.decode(Body(data, media))
    return caught.value


def test_a_model_is_read_and_checked() -> None:
    """The body becomes the declared model, with its defaults."""
    assert FLOWER.decode(Body(b'{"petal": 1.5}', MEDIA)) == (Flower(petal=1.5), False)
    assert FLOWER.decode(Body(b'{"petal": 1}', "")) == (Flower(petal=1), False)


def test_anything_is_read_where_no_type_is_declared() -> None:
    """JSON() takes any JSON."""
    assert JSON().decode(Body(b'{"a": [1, null]}', MEDIA)) == ({"a": [1, None]}, False)


def test_each_fault_is_named_with_its_place() -> None:
    """422 lists the fields, what was expected and what came."""
    error = refusal(FLOWER, b'{"petal": "wide", "rows": [1, "x"]}')
    assert isinstance(error, UnfitInput)
    assert "petal: Input should be a valid number" in error.message
    assert "got 'wide'" in error.message
    assert "rows.1: Input should be a valid integer" in error.message


def test_a_missing_field_is_named() -> None:
    """An object that lacks a field learns which."""
    assert "petal: Field required" in refusal(FLOWER, b"{}").message


@pytest.mark.parametrize("kind", [FLOWER, JSON(), JSON(list[float]), JSON(dict[str, float])])
@pytest.mark.parametrize("data", [b"{", b"[1,]", b'{"petal": NaN}', b"[NaN]", b"[-Infinity]", b"\xff", b"[" * 5000])
def test_what_is_no_json_is_400(kind: JSON, data: bytes) -> None:
    """Cut, deep, badly encoded JSON and its NaN dialect are refused alike, whatever the type."""
    error = refusal(kind, data)
    assert type(error) is InvalidInput
    assert "the body is not JSON" in error.message


def test_the_word_nan_in_a_text_is_a_text() -> None:
    """Only the literal is refused."""
    assert JSON(list[str]).decode(Body(b'["NaN", "Infinity"]', MEDIA))[0] == ["NaN", "Infinity"]


def test_a_fault_in_a_large_body_has_a_short_message() -> None:
    """What came is shown by its beginning: the message does not grow with the body."""
    error = refusal(FLOWER, orjson.dumps({"petals": ["x" * 100] * 10_000}))
    assert len(error.message) < 2000
    error = refusal(JSON(list[int]), orjson.dumps(["y" * 1000] * 1000))
    assert len(error.message) < 4000


def test_very_many_faults_are_counted_not_listed() -> None:
    """A body of a hundred thousand faults costs no list of them."""
    error = refusal(JSON(list[int]), orjson.dumps([""] * 100_000))
    assert error.message == "100000 values in the body are not what is expected"


def test_no_body_and_another_content_type_are_told_apart() -> None:
    """400 for nothing, 415 for something else."""
    assert refusal(FLOWER, b"").status == 400
    assert isinstance(refusal(FLOWER, b"petal=1", "application/x-www-form-urlencoded"), UnsupportedMedia)


@dataclasses.dataclass
class Point:
    """A dataclass in an answer."""

    x: int


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Flower(petal=1), {"petal": 1.0, "colour": "white", "rows": []}),
        ([Flower(petal=1)], [{"petal": 1.0, "colour": "white", "rows": []}]),
        ({"a": np.float32(0.5), "b": np.arange(2), "c": np.array("t")}, {"a": 0.5, "b": [0, 1], "c": "t"}),
        (Point(3), {"x": 3}),
        (None, None),
        ("text", "text"),
    ],
)
def test_answers_are_written_as_they_are(value: Any, shown: Any) -> None:
    """Models, dataclasses and numpy values become JSON without a declaration."""
    content, media = JSON().encode(value, "")
    assert (orjson.loads(content), media) == (shown, b"application/json")


def test_what_json_cannot_hold_is_named() -> None:
    """An answer with an object of another kind is an error that names the kind."""
    with pytest.raises(TypeError, match=r"not JSON serializable: Exception|holds a Exception"):
        JSON().encode({"a": Exception()}, "")


def test_the_schema_refers_to_the_components() -> None:
    """Nested models are described where OpenAPI looks for them."""
    assert FLOWER.schema()[MEDIA]["schema"]["properties"]["petal"] == {"title": "Petal", "type": "number"}


KINDS = [FLOWER, JSON(), JSON(list[int]), JSON(dict[str, float]), JSON(int | None), JSON(tuple[int, str])]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["petal", "rows", "é"]), inner),
)


@settings(deadline=None, max_examples=150)
@given(data=VALUES.map(orjson.dumps) | st.binary(max_size=50), kind=st.sampled_from(KINDS))
def test_any_bytes_are_a_value_or_a_clients_error(data: bytes, kind: JSON) -> None:
    """Random JSON and random bytes never raise anything else than a 4xx."""
    status = 200
    try:
        kind.decode(Body(data, MEDIA))
    except ServewatchError as error:
        status = error.status
    assert 200 <= status < 500
