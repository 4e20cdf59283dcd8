from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, Field

from serving import Image, NDArray, api, service
from serving.openapi import endpoint_paths
from serving.service import definition


class Petal(BaseModel):
    """Part of a flower."""

    length: float


class Flower(BaseModel):
    """A body with a nested model."""

    petals: list[Petal]


@service
class Garden:
    """Endpoints of several kinds."""

    @api
    async def name(self, flower: Flower, top: Annotated[int, Field(ge=1)] = 3, exact: bool = False) -> list[Flower]:
        """Names a flower.

        By its petals.
        """
        return [flower]

    @api(path="/v1/look")
    async def look(self, photo: Annotated[np.ndarray, Image()]) -> Annotated[np.ndarray, NDArray("float32", ("N", 2))]:
        return photo

    @api
    def count(self, text: str, least: int) -> int:
        return least


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


PATHS, SCHEMAS = endpoint_paths(definition(Garden))


def test_each_endpoint_is_a_post_with_its_docstring() -> None:
    """The first line is the summary, the rest the description; without one, the name."""
    assert set(PATHS) == {"/name", "/v1/look", "/count"}
    operation = PATHS["/name"]["post"]
    assert (operation["summary"], operation["description"]) == ("Names a flower.", "By its petals.")
    assert PATHS["/count"]["post"]["summary"] == "count"


def test_every_reference_can_be_followed() -> None:
    """Nested models and errors are among the components, wherever they are referred to."""
    found = set(references([PATHS, SCHEMAS]))
    assert {"#/components/schemas/Petal", "#/components/schemas/Flower", "#/components/schemas/Error"} <= found
    assert {ref.rpartition("/")[2] for ref in found} <= set(SCHEMAS)


def test_query_parameters_have_their_types_and_bounds() -> None:
    """What may be left out is not required."""
    top, exact = PATHS["/name"]["post"]["parameters"]
    assert (top["name"], top["in"], top["required"], top["schema"]) == (
        "top", "query", False, {"type": "integer", "minimum": 1, "default": 3},
    )  # fmt: skip
    assert exact["schema"] == {"type": "boolean", "default": False}
    assert PATHS["/count"]["post"]["parameters"][0]["required"] is True


def test_bodies_and_answers_have_their_media_types() -> None:
    """Each media type that an endpoint reads or writes is listed."""
    operation = PATHS["/v1/look"]["post"]
    taken = operation["requestBody"]["content"]
    assert taken["multipart/form-data"]["schema"]["required"] == ["photo"]
    assert "image/png" in taken
    assert set(operation["responses"]["200"]["content"]) == {"application/json", "application/x-npy"}


def test_each_error_of_the_contract_is_described() -> None:
    """Clients learn of each status that an endpoint may answer, with the error's form."""
    answers = PATHS["/count"]["post"]["responses"]
    assert set(answers) == {"200", "400", "408", "413", "415", "422", "500", "503", "504"}
    shown = {answers[code]["content"]["application/json"]["schema"]["$ref"] for code in answers if code != "200"}
    assert shown == {"#/components/schemas/Error"}
