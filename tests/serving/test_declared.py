from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterator
from typing import Annotated, Any

import numpy as np
import pytest

from serving import Image, NDArray, api, batched, service, use
from serving.errors import ServewatchError, ServiceInvalid
from serving.service import definition

Rows = Annotated[np.ndarray, NDArray("float32", ("N",))]


def predict(self: Any, rows: Rows) -> Rows:
    return rows


def declare(**members: Any) -> type:
    """A service of these members."""
    return service(type("Pets", (), members))


class Asked:
    @api
    def predict(self, text: str) -> str:
        return text


@pytest.mark.parametrize(
    ("write", "message", "help"),
    [
        (lambda: service(predict), "@service stands above the function 'predict'", "above a class"),
        (lambda: service("pets"), "@service was given 'pets'", "@service(name='pets')"),
        (lambda: api(property(predict)), "@api stands above the property 'predict'", "def predict(self, ...)"),
        (lambda: api(staticmethod(predict)), "@api stands above the staticmethod 'predict'", "def predict(self, ...)"),
        (lambda: api()(classmethod(predict)), "@api stands above the classmethod 'predict'", "def predict(self, ...)"),
        (lambda: api(functools.partial(predict)), "@api stands above a partial", "make it a method"),
        (lambda: api("/predict"), "@api was given '/predict'", "@api(path='/predict')"),
        (lambda: api(Asked), "@api stands above the class 'Asked'", "@service above the class and @api above its"),
        (lambda: batched(32), "@batched was given 32", "@batched(max_rows=32)"),
        (lambda: batched(staticmethod(predict)), "@batched stands above the staticmethod", "def predict(self, ...)"),
        (lambda: api(batched(predict)), "predict has @api and @batched", "@api(batch=True) alone"),
        (lambda: batched(api(functools.wraps(predict)(lambda self, rows: rows))), "@api and @batched", "alone"),
    ],
)
def test_a_decorator_above_the_wrong_thing_says_what_it_found(write: Any, message: str, help: str) -> None:
    """And what to write instead."""
    with pytest.raises(ServiceInvalid) as caught:
        write()
    assert message in caught.value.message
    assert help in caught.value.help


@pytest.mark.parametrize("hide", [staticmethod, classmethod, property, functools.cached_property])
def test_an_endpoint_that_a_decorator_hides_is_told(hide: Callable[[Any], Any]) -> None:
    """It would be no endpoint, and nobody would say why."""

    @api
    def ask(self: Any, text: str) -> str:
        return text

    with pytest.raises(ServiceInvalid, match=rf"Pets\.ask has @{hide.__name__} above @api") as caught:
        declare(ask=hide(ask), predict=Asked.predict)
    assert caught.value.help == f"take @{hide.__name__} away and write def ask(self, ...)"


@pytest.mark.parametrize(
    ("write", "message", "help"),
    [
        (lambda: service(slo=["latency 99% under 0.25s"]), "@service has no argument 'slo'", "write slos=..."),
        (lambda: api(pth="/x"), "@api has no argument 'pth'", "write path=...; it takes path, batch"),
        (lambda: batched(max_row=3), "@batched has no argument 'max_row'", "write max_rows=..."),
        (lambda: batched(colour=3), "@batched has no argument 'colour'", "it takes max_rows, max_wait"),
        (lambda: api(batch=True, max_rows="64"), "max_rows is '64'", "a whole number, at least 1"),
        (lambda: batched(max_rows=0.5), "max_rows is 0.5", "a whole number, at least 1"),
        (lambda: batched(max_wait=float("nan")), "max_wait is nan", "at least 0"),
        (lambda: batched(max_wait="1s"), "max_wait is '1s'", "a number of seconds"),
        (lambda: api(threads=True), "threads is True", "a whole number"),
        (lambda: api(threads=0), "threads is 0", "at least 1"),
        (lambda: api(timeout="5s"), "timeout is '5s'", "a number of seconds"),
        (lambda: api(path=3)(predict), "endpoint path 3", "like '/predict'"),
        (lambda: api(max_rows=8), "@api has max_rows or max_wait without batch=True", "@api(batch=True"),
        (lambda: api(batch="yes"), "batch is 'yes'", "True or False"),
        (lambda: api(warmup="no"), "warmup is 'no'", "True or False"),
        (lambda: batched(retry=1), "retry is 1", "True or False"),
        (lambda: batched(warmup=3), "warmup is 3", "or rows that the method takes"),
        (lambda: batched(warmup=[]), "warmup is []", "or rows that the method takes"),
        (lambda: service(version=1.1), "version is 1.1", "version='1.1'"),
        (lambda: service(name=""), "name is ''", "name='pets'"),
        (lambda: service(name="two\nlines"), "name is 'two", "a text of one line"),
        (lambda: service(slos=3), "slos is 3", "a list of texts"),
        (lambda: use(3), "use was given 3", "use('flowers:latest')"),
        (lambda: use("models/flowers.pt"), "'models/flowers.pt' cannot be a model's name", "are accepted"),
    ],
)
def test_an_argument_that_is_not_taken_is_told(write: Any, message: str, help: str) -> None:
    """With the value that came and what is accepted."""
    with pytest.raises(ServewatchError) as caught:
        write()
    assert message in caught.value.message
    assert help in caught.value.help


def test_a_method_without_self_is_told() -> None:
    """Its first parameter would be the service, and its second the body."""

    @api
    def ask(text: str, times: int = 1) -> str:
        return text

    with pytest.raises(ServiceInvalid, match=r"Pets\.ask\(text, times\) has no self") as caught:
        declare(ask=ask)
    assert caught.value.help == "write def ask(self, text: ...)"


@pytest.mark.parametrize("method", [lambda rows: rows, lambda self, rows, more: rows, lambda self: None])
def test_a_batched_method_takes_self_and_the_rows(method: Any) -> None:
    """Whatever else it takes, nobody gives it."""
    with pytest.raises(ServiceInvalid, match="is called with self and the rows alone") as caught:
        batched(method)
    assert "(self, rows)" in caught.value.help


def test_a_service_that_cannot_be_made_is_told() -> None:
    """Where it is declared: nobody gives __init__ anything."""

    def init(self: Any, folder: str, more: int = 3) -> None: ...

    with pytest.raises(ServiceInvalid, match=r"Pets\.__init__ takes 'folder'") as caught:
        declare(__init__=init, predict=Asked.predict)
    assert "folder=..." in caught.value.help


def test_an_init_that_is_async_is_told() -> None:
    """Nobody would await it."""

    async def init(self: Any) -> None: ...

    with pytest.raises(ServiceInvalid, match=r"Pets\.__init__ is async"):
        declare(__init__=init, predict=Asked.predict)


def test_an_init_that_needs_nothing_is_fine() -> None:
    """Defaults, *args and **kwargs need not be given."""

    def init(self: Any, folder: str = "", *args: Any, more: int = 3, **kwargs: Any) -> None: ...

    assert definition(declare(__init__=init, predict=Asked.predict)).name == "pets"


def test_a_model_that_is_used_within_init_is_told() -> None:
    """It would never be loaded: only what stands in the class is."""

    @service
    class Late:
        def __init__(self) -> None:
            self.model = use("flowers:3")

        @api
        def predict(self, text: str) -> str:
            return text

    with pytest.raises(ServiceInvalid, match=r"Late\.__init__ sets self\.model = use\('flowers:3'\)") as caught:
        definition(Late).make(lambda tag: pytest.fail("nothing is to be loaded"))
    assert caught.value.help == "write model = use('flowers:3') in the class, beside its methods"


def test_a_model_beside_a_class_says_where_it_belongs() -> None:
    """Whoever calls it learns that it is none."""
    with pytest.raises(TypeError, match=r"write model = use\('a:1'\) in the service's class"):
        use("a:1")(np.zeros(1))


class Calling:
    """Methods that call `double`, which the tests make a @batched one."""

    def __init__(self) -> None:
        self.numbers = np.ones(1)

    def plain(self, rows: Rows) -> Rows:
        return self.double(rows)

    def within(self, rows: Rows) -> list[Any]:
        return [self.double(row) for row in rows]

    def passed(self, rows: Rows) -> Any:
        return asyncio.run(asyncio.wait_for((lambda: self.double(rows))(), 1))

    def yielding(self, rows: Rows) -> Iterator[float]:
        yield from self.double(rows)

    def other(self, rows: Rows) -> Rows:
        return rows.double(self.numbers).double()

    def named(self, rows: Rows) -> Any:
        return asyncio.to_thread(self.double, rows)

    async def awaits(self, rows: Rows) -> Rows:
        return await self.double(rows)


def calling(name: str, decorate: Callable[[Any], Any]) -> type:
    return declare(double=batched(lambda self, rows: rows), **{name: decorate(vars(Calling)[name])})


@pytest.mark.parametrize("name", ["plain", "within", "passed", "yielding"])
def test_a_plain_endpoint_that_calls_a_batched_method_is_told(name: str) -> None:
    """It runs on a thread, where it would get a future in place of rows."""
    with pytest.raises(ServiceInvalid, match=rf"Pets\.{name} is a plain def and calls self\.double") as caught:
        calling(name, api)
    assert "await self.double(...)" in caught.value.help


def test_a_batched_method_that_calls_another_is_told() -> None:
    """It runs on a thread, too."""

    @batched
    def twice(self: Any, rows: np.ndarray) -> Any:
        return self.double(self.double(rows))

    with pytest.raises(ServiceInvalid, match=r"Pets\.twice is a plain def and calls self\.double"):
        declare(double=batched(lambda self, rows: rows), twice=twice, predict=Asked.predict)


@pytest.mark.parametrize("name", ["other", "named", "awaits"])
def test_what_only_has_the_name_of_a_batched_method_is_fine(name: str) -> None:
    """A method of something else, a method that is named and not called, and one that is awaited."""
    assert definition(calling(name, api)).endpoints[0].name == name


@pytest.mark.parametrize(
    ("write", "message", "help"),
    [
        (lambda: NDArray("float32", "N, 3"), "NDArray has the shape 'N, 3'", "as in ('N', 28, 28)"),
        (lambda: NDArray("float32", (-1, 3)), "NDArray has the shape (-1, 3)", "names where a size is free"),
        (lambda: NDArray("float32", (None, 3)), "NDArray has the shape (None, 3)", "names where a size is free"),
        (lambda: NDArray("float32", ("", 3)), "NDArray has the shape ('', 3)", "names where a size is free"),
        (lambda: NDArray("float32", 3), "NDArray has the shape 3", "a tuple"),
        (lambda: NDArray("float32", low="0"), "NDArray has low='0'", "a bound is a number"),
        (lambda: Image(mode="grey"), "Image has the mode 'grey'", "L, "),
        (lambda: Image(size=28), "Image has the size 28", "as in size=(28, 28)"),
        (lambda: Image(size=(28, 0)), "Image has the size (28, 0)", "(width, height)"),
    ],
)
def test_a_type_that_no_request_could_be_read_into_is_told(write: Any, message: str, help: str) -> None:
    """Where it is written, not at each request."""
    with pytest.raises(ServiceInvalid) as caught:
        write()
    assert caught.value.message == message
    assert help in caught.value.help
