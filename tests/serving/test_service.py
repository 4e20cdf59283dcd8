from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import PIL.Image
import pytest

from serving import Model, NDArray, Store, api, batched, service, use
from serving.errors import ServewatchError, ServiceInvalid
from serving.service import Batched, ModelRef, definition

Rows = Annotated[np.ndarray, NDArray("float32", ("N",))]


@service(name="demo", version="2.0.0")
class Demo:
    """What it is for."""

    model = use("flowers:3")

    @batched(max_rows=8, max_wait=0.5, threads=2)
    def double(self, rows: np.ndarray) -> np.ndarray:
        return rows * 2

    @api
    async def classify(self, rows: Rows) -> Rows:
        """Answers twice the rows."""
        return await self.double(rows)

    @api(path="/v1/plain")
    def plain(self, text: str, times: int = 1) -> str:
        return text * times

    @api(batch=True, max_rows=4)
    def rowwise(self, rows: Rows) -> Rows:
        return rows + 1

    def helper(self) -> None:
        """No endpoint."""


def test_a_definition_holds_all_that_is_declared() -> None:
    """Name, version, endpoints with their paths, runners with their bounds, models."""
    declared = definition(Demo)
    assert (declared.name, declared.version, declared.summary) == ("demo", "2.0.0", "What it is for.")
    assert [(e.name, e.path, e.runner) for e in declared.endpoints] == [
        ("classify", "/classify", None),
        ("plain", "/v1/plain", "plain"),
        ("rowwise", "/rowwise", "rowwise"),
    ]
    bounds = [(r.name, r.batch, r.batching.max_rows, r.batching.threads) for r in declared.runners]
    assert bounds == [("double", True, 8, 2), ("plain", False, 1, 4), ("rowwise", True, 4, 1)]
    assert [(ref.name, ref.tag) for ref in declared.models] == [("model", "flowers:3")]


def test_the_class_stays_the_users_own() -> None:
    """Methods can be called directly, as in a test without a server; a batched one is awaited."""
    demo = Demo()
    assert demo.plain("ab", times=2) == "abab"
    assert asyncio.run(demo.double(np.array([1]))).tolist() == [2]
    assert asyncio.run(demo.classify(np.array([3]))).tolist() == [6]
    assert isinstance(Demo.double, Batched)
    assert isinstance(Demo.model, ModelRef)


def test_a_name_is_made_of_the_classs() -> None:
    """Without a name, CamelCase becomes snake_case."""

    @service
    class IrisClassifier:
        @api
        def predict(self, text: str) -> str:
            return text

    assert definition(IrisClassifier).name == "iris_classifier"


def test_models_are_loaded_before_init() -> None:
    """__init__ finds its models, each loaded once with the loader that is given."""
    asked: list[str] = []

    @service
    class Uses:
        first, second = use("a:1"), use("b")

        def __init__(self) -> None:
            self.found = (self.first, self.second, self.first)

        @api
        def predict(self, text: str) -> str:
            return text

    def load(tag: str) -> Model:
        asked.append(tag)
        return Model(info=None, path=None, predict=str)  # type: ignore[arg-type]

    made = definition(Uses).make(load)
    assert asked == ["a:1", "b"]
    assert made.found[0] is made.found[2]


def test_a_model_is_looked_for_in_the_store_where_there_is_no_server(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside a server, `use` reads the store of SERVEWATCH_HOME."""
    monkeypatch.setenv("SERVEWATCH_HOME", str(tmp_path))
    assert Store().folder == tmp_path / "models"
    with pytest.raises(ServewatchError, match="model 'flowers' is not in the store; it has no model"):
        _ = Demo().model


def test_batched_may_stand_bare() -> None:
    """As @api and @service, @batched needs no parentheses where the defaults will do."""

    @service
    class Bare:
        @batched
        def double(self, rows: list[int]) -> list[int]:
            return [2 * row for row in rows]

        @api
        async def ask(self, rows: list[int]) -> list[int]:
            return await self.double(rows)

    (runner,) = definition(Bare).runners
    assert (runner.name, runner.batching.max_rows) == ("double", 64)
    assert asyncio.run(Bare().ask([1, 2])) == [2, 4]


def test_a_subclass_serves_what_it_inherits_and_what_it_overrides() -> None:
    """Endpoints of a base class are served; an override without @api is none."""

    class Base:
        @api
        def one(self, text: str) -> str:
            return text

        @api
        def two(self, text: str) -> str:
            return text

    @service
    class Child(Base):
        def two(self, text: str) -> str:
            return text

        @api
        def three(self, text: str) -> str:
            return text

    assert {endpoint.name for endpoint in definition(Child).endpoints} == {"one", "three"}


def no_endpoint() -> None:
    @service
    class Empty:
        pass


def async_batch() -> None:
    @service
    class Service:
        @api(batch=True)
        async def predict(self, rows: Rows) -> Rows:
            return rows


def batch_with_query() -> None:
    @service
    class Service:
        @api(batch=True)
        def predict(self, rows: Rows, top: int = 1) -> Rows:
            return rows


def async_batched() -> None:
    @batched()
    async def double(self: Any, rows: np.ndarray) -> np.ndarray:
        return rows


def generator() -> None:
    @service
    class Service:
        @api(batch=True)
        def predict(self, text: str) -> Any:
            yield text


def batched_generator() -> None:
    @batched()
    def double(self: Any, rows: Any) -> Any:
        yield rows


def pictures() -> None:
    @service
    class Service:
        @api
        def predict(self, text: str) -> Iterator[PIL.Image.Image]:
            yield PIL.Image.new("L", (1, 1))


def yields_a_text() -> None:
    @service
    class Service:
        @api
        async def predict(self, text: str) -> str:
            yield text


def same_path() -> None:
    @service
    class Service:
        @api
        def predict(self, text: str) -> str:
            return text

        @api(path="/predict")
        def other(self, text: str) -> str:
            return text


def unknown() -> None:
    @service
    class Service:
        @api
        def unknown(self, text: str) -> str:
            return text


@pytest.mark.parametrize(
    ("declare", "message"),
    [
        (no_endpoint, "Empty has no endpoint"),
        (async_batch, "Service.predict is async and batch=True"),
        (batch_with_query, "batch=True and the query parameter 'top'"),
        (async_batched, "double is async and @batched"),
        (generator, "Service.predict yields and has batch=True"),
        (batched_generator, "double yields and is @batched"),
        (pictures, "Service.predict yields pictures"),
        (yields_a_text, "Service.predict yields, and says that it answers <class 'str'>"),
        (lambda: api(timeout=-1), "timeout is -1"),
        (lambda: api(timeout=float("nan")), "timeout is nan"),
        (same_path, "has '/predict' twice: as predict and as other"),
        (unknown, "an endpoint 'unknown'"),
        (lambda: api(path="/metrics")(str.upper), "'/metrics' is reserved"),
        (lambda: api(path="predict")(str.upper), "'predict' is reserved or not a path"),
        (lambda: api(path="/a b")(str.upper), "'/a b' is reserved or not a path"),
        (lambda: api(max_rows=0), "max_rows is 0"),
        (lambda: batched(max_wait=-1), "max_wait is -1"),
        (lambda: batched(threads=0), "threads is 0"),
        (lambda: definition(int), "<class 'int'> is not a service"),
    ],
)
def test_what_cannot_be_served_is_refused_at_the_declaration(declare: Callable[[], Any], message: str) -> None:
    """A mistake comes out where it is written, with what to do."""
    with pytest.raises(ServiceInvalid, match=message) as caught:
        declare()
    assert caught.value.help
