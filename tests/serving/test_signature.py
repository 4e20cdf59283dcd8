from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import numpy as np
import PIL.Image
import pytest
from pydantic import BaseModel, Field

from serving import JSON, File, Image, NDArray, Text
from serving.errors import ServiceInvalid, UnfitInput
from serving.signature import Parameter, read_signature

Rows = Annotated[np.ndarray, NDArray("float32", ("N", 4))]


class Flower(BaseModel):
    """A body."""

    petal: float


class Opaque:
    """Something that pydantic knows nothing of."""


class Demo:
    """Methods whose signatures the tests read."""

    def array(self, rows: Rows) -> Rows: ...
    def grey(self, photo: Annotated[np.ndarray, Image(mode="L")]) -> np.ndarray: ...
    def field(self, photo: Annotated[PIL.Image.Image, Image(field="picture")]) -> PIL.Image.Image: ...
    def picture(self, photo: PIL.Image.Image) -> Annotated[Any, Image()]: ...
    def text(self, text: str) -> str: ...
    def file(self, data: bytes) -> bytes: ...
    def model(self, flower: Flower) -> list[Flower]: ...
    def anything(self, value: Any): ...
    def bare(self, data: Annotated[bytes, File]) -> Annotated[str, Text]: ...
    def query(self, rows: Rows, top: int, exact: bool = False, limit: Annotated[int, Field(ge=1)] = 5) -> Any: ...
    def nothing(self) -> str: ...
    def unsaid(self, rows) -> str: ...
    def shapeless(self, rows: np.ndarray) -> str: ...
    def opaque(self, value: Opaque) -> str: ...
    def listed(self, rows: Rows, tags: list[str]) -> str: ...
    def spread(self, rows: Rows, **others: Any) -> str: ...
    def mistyped(self, rows: Nowhere) -> str: ...  # noqa: F821
    def untyped(self, rows: NDArray("float32", ("N",))) -> str: ...
    def unpictured(self, photo: Image) -> str: ...
    def unanswered(self, text: str) -> Image: ...
    def misread(self, rows: np.ndaray) -> str: ...
    def misannotated(self, rows: Annotated[np.ndarray, "float32"]) -> str: ...
    def numbered(self, text: str) -> dict[int, float]: ...
    def defaulted(self, rows: Rows, top: int = "x") -> str: ...
    def optional(self, rows: Rows, top: int | None = None) -> str: ...


def read(name: str) -> Any:
    function: Callable[..., Any] = vars(Demo)[name]
    return read_signature(Demo, name, function)


@pytest.mark.parametrize(
    ("name", "taken", "given"),
    [
        ("array", NDArray("float32", ("N", 4)), NDArray("float32", ("N", 4))),
        ("grey", Image(mode="L", field="photo", array=True), NDArray(finite=False)),
        ("field", Image(field="picture"), Image()),
        ("picture", Image(field="photo"), Image()),
        ("text", Text(), Text()),
        ("file", File(), File()),
        ("model", JSON(Flower), JSON(list[Flower])),
        ("anything", JSON(Any), JSON(Any)),
        ("bare", File(), Text()),
    ],
)
def test_annotations_say_what_is_taken_and_given(name: str, taken: Any, given: Any) -> None:
    """Each annotation becomes the codec that it says; an array's picture arrives as an array."""
    signature = read(name)
    assert (signature.input, signature.output) == (taken, given)


def test_the_first_parameter_is_the_body_and_the_others_are_the_query() -> None:
    """Query parameters keep their types, and know whether they may be left out."""
    signature = read("query")
    assert signature.body == "rows"
    assert [(p.name, p.required) for p in signature.query] == [("top", True), ("exact", False), ("limit", False)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing", "Demo.nothing takes nothing"),
        ("unsaid", "Demo.unsaid does not say what 'rows' is"),
        ("shapeless", "Demo.shapeless does not say what array 'rows' is"),
        ("opaque", "Demo.opaque takes 'value' as .*Opaque.* which cannot be checked"),
        ("listed", r"has the parameter 'tags' of list\[str\]"),
        ("spread", r"takes \*others"),
        ("untyped", "Demo.untyped has rows: NDArray, which says how it is sent"),
        ("unpictured", "Demo.unpictured has photo: Image, which says how it is sent"),
        ("unanswered", "Demo.unanswered has -> Image, which says how it is sent"),
        ("misread", "Demo.misread has an annotation that cannot be read: module 'numpy' has no attribute 'ndaray'"),
        ("numbered", r"Demo.numbered answers dict\[int, float\], and JSON has texts for keys"),
        ("defaulted", "Demo.defaulted has 'top' of <class 'int'> with the default 'x'"),
        ("misannotated", "Demo.misannotated does not say what array 'rows' is"),
        ("mistyped", "Demo.mistyped has an annotation that cannot be read: name 'Nowhere' is not defined"),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_declaration(name: str, message: str) -> None:
    """Each fault names the method, and the help says what to write."""
    with pytest.raises(ServiceInvalid, match=message) as caught:
        read(name)
    assert caught.value.help


def parameter(name: str) -> Parameter:
    return next(p for p in read("query").query if p.name == name)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("top", "3", 3), ("top", "-3", -3), ("exact", "true", True), ("exact", "0", False), ("limit", "1", 1)],
)
def test_a_query_value_is_read_as_its_type(name: str, text: str, value: Any) -> None:
    """Texts of the URL become numbers and booleans."""
    assert parameter(name).read({name: text}) == value


@pytest.mark.parametrize(
    ("name", "query", "message"),
    [
        ("top", {}, "the query lacks 'top'"),
        ("top", {"top": "many"}, "query 'top': .*valid integer.* got 'many'"),
        ("top", {"top": ""}, "query 'top': .*valid integer.* got ''"),
        ("exact", {"exact": "perhaps"}, "query 'exact': .*valid boolean.* got 'perhaps'"),
        ("limit", {"limit": "0"}, "query 'limit': .*greater than or equal to 1, got '0'"),
    ],
)
def test_a_query_value_that_does_not_fit_is_named(name: str, query: dict[str, str], message: str) -> None:
    """The error names the parameter, what is expected and what came."""
    with pytest.raises(UnfitInput, match=message):
        parameter(name).read(query)


def test_an_answer_that_is_a_picture_is_a_png() -> None:
    """Whatever formats it takes, it is documented with the one that it is written as."""
    assert list(read("picture").answers()) == ["image/png"]


def test_a_query_parameter_may_be_none_where_it_is_left_out() -> None:
    """`int | None = None` is read as an int when it comes."""
    (top,) = read("optional").query
    assert (top.required, top.default, top.read({"top": "3"})) == (False, None, 3)
    with pytest.raises(UnfitInput, match=r"query 'top': .*valid integer"):
        top.read({"top": "many"})


def test_literals_are_not_scalars() -> None:
    """What cannot come from a query is refused with its type."""

    def choose(self: Any, rows: Rows, kind: Literal["a"]) -> str: ...

    with pytest.raises(ServiceInvalid, match="parameter 'kind' of"):
        read_signature(Demo, "choose", choose)
