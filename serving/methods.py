"""What is written on a service's methods: @api, @batched, and `use` for its models."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, overload

from serving.declared import ENDPOINT, check_arguments, check_flags, check_method, check_rows, check_warmup
from serving.errors import ServiceInvalid
from serving.lost import note
from serving.store import Model, Store
from serving.store.tag import Tag

STORE = "__serving_store__"
_PATH = re.compile(r"/[A-Za-z0-9_./-]*\Z")
RESERVED = ("/healthz", "/livez", "/readyz", "/metrics", "/metrics/reference", "/docs", "/openapi.json", "/")

In = TypeVar("In")
Out = TypeVar("Out")
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Batching:
    """Bounds of the batches of one runner; None takes the setting or the default."""

    max_rows: int = 64
    max_wait: float = 0.01
    threads: int = 1
    retry: bool = False
    warmup: Any = field(default=True, compare=False)
    """Whether it is called before the service is ready, or the rows that it is then called with."""
    watch: bool | str = False
    outputs: Any = None
    """Which part of each answer is watched, where it is not the whole."""


class Batched(Generic[In, Out]):
    """A method that runs on a runner's thread, with the rows of many requests at once. Await it in endpoints.

    Without a server, as in a test, it is called directly.
    """

    def __init__(self, function: Callable[[Any, In], Out], batching: Batching) -> None:
        self.function = function
        self.batching = batching
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __call__(self, *given: Any) -> Any:
        """Tell whoever takes it from the class that it belongs to the service."""
        name = self.function.__name__
        raise TypeError(f"{self.function.__qualname__} is @batched: write await self.{name}(rows)")

    @overload
    def __get__(self, instance: None, owner: type) -> Batched[In, Out]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[[In], Awaitable[Out]]: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        if instance is None:
            return self

        async def direct(rows: In, /) -> Out:
            return self.function(instance, rows)

        return direct


@overload
def batched(function: Callable[[Any, In], Out], /) -> Batched[In, Out]: ...
@overload
def batched(
    *,
    max_rows: int = 64,
    max_wait: float = 0.01,
    threads: int = 1,
    retry: bool = False,
    warmup: Any = True,
    watch: bool | str = False,
    outputs: Any = None,
) -> Callable[[Callable[[Any, In], Out]], Batched[In, Out]]: ...
def batched(
    function: Any = None,
    /,
    *,
    max_rows: int = 64,
    max_wait: float = 0.01,
    threads: int = 1,
    retry: bool = False,
    warmup: Any = True,
    watch: bool | str = False,
    outputs: Any = None,
    **unknown: Any,
) -> Any:
    """Run a method with the rows of many requests, joined along the first axis; it answers a row for each.

    `retry=True` says that it may be run twice: what a runner's process had in hand when it died is sent to another.
    Before the service is ready it is called with what its endpoints make of their examples, or with the rows that
    `warmup` gives; not at all with `warmup=False`. With `watch=True` its rows and answers are counted in the bins of
    the model's reference; `watch="name"` says which model where the service uses several. `outputs` says which part of
    each answer is the model's, where that holds more: a key, a function, or a pair of them for class and confidence.
    """
    check_arguments("@batched", unknown, batched)
    check_flags(retry=retry)
    check_warmup(warmup)
    _check_batching(max_rows, max_wait, threads)

    def declare(function: Callable[[Any, In], Out]) -> Batched[In, Out]:
        _check_batchable(function)
        note("@batched", function)
        return Batched(function, Batching(max_rows, max_wait, threads, retry, warmup, watch, outputs))

    return declare(function) if function is not None else declare


def _check_batchable(function: Any) -> None:
    check_method("@batched", function)
    if hasattr(function, ENDPOINT):
        raise _both(function)
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ServiceInvalid(f"{function.__qualname__} yields and is @batched", "return all rows")
    if inspect.iscoroutinefunction(function):
        raise ServiceInvalid(f"{function.__qualname__} is async and @batched: it runs on a thread", "make it a def")
    check_rows(function)


class ModelRef:
    """A model that a service uses, loaded before it is ready."""

    def __init__(self, tag: str) -> None:
        self.tag = tag

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> ModelRef: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Model: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        if instance is None:
            return self
        load = getattr(instance, STORE, None) or Store().load
        model = instance.__dict__[self.name] = load(self.tag)
        return model

    def __call__(self, *rows: Any) -> Any:
        """Tell whoever takes it for the model that it stands outside of a class."""
        raise TypeError(f"{self!r} is no model: write model = {self!r} in the service's class, and call self.model")

    def __repr__(self) -> str:
        return f"use({self.tag!r})"


def use(tag: str) -> ModelRef:
    """Declare a model of the store: `model = use("fashion_mnist:latest")` in a service's class."""
    if not isinstance(tag, str):
        raise ServiceInvalid(f"use was given {tag!r}", "name a model of the store: model = use('flowers:latest')")
    Tag.parse(tag)
    return ModelRef(tag)


@dataclass(frozen=True, slots=True)
class Api:
    """What @api wrote on a method."""

    path: str
    batching: Batching | None
    threads: int
    timeout: float | None = None
    retry: bool = False
    example: Any = None
    warmup: bool = True
    watch: bool | str = False
    outputs: Any = None


@overload
def api(function: F, /) -> F: ...
@overload
def api(
    *,
    path: str | None = None,
    batch: bool = False,
    max_rows: int = 64,
    max_wait: float = 0.01,
    threads: int | None = None,
    timeout: float | None = None,
    retry: bool = False,
    example: Any = None,
    warmup: bool = True,
    watch: bool | str = False,
    outputs: Any = None,
) -> Callable[[F], F]: ...
def api(
    function: Any = None,
    /,
    *,
    path: str | None = None,
    batch: bool = False,
    max_rows: int = 64,
    max_wait: float = 0.01,
    threads: int | None = None,
    timeout: float | None = None,
    retry: bool = False,
    example: Any = None,
    warmup: bool = True,
    watch: bool | str = False,
    outputs: Any = None,
    **unknown: Any,
) -> Any:
    """Make a method an endpoint: POST /<its name>, or `path`.

    An `async def` runs on the event loop and awaits @batched methods. A `def` runs on a runner's threads
    (4 unless given); with `batch=True` it gets the rows of many requests and answers a row for each. One that
    yields streams its answer. After `timeout` seconds a request is given up (0: never; else the service's setting).
    `retry=True` on a `def`: it may be run a second time where a runner's process died with it.
    Before the service is ready it is called once with `example`, or with an array of zeros or a black picture where
    it takes one; not with `warmup=False`. `watch` and `outputs` are as with @batched; what is watched of an endpoint
    that is not batched is each request's value and answer.
    """
    check_arguments("@api", unknown, api)
    check_flags(batch=batch, retry=retry, warmup=warmup)
    _check_batching(max_rows, max_wait, 1 if threads is None else threads)
    _check_timeout(timeout)
    if not batch and Batching(max_rows, max_wait) != Batching():
        raise ServiceInvalid("@api has max_rows or max_wait without batch=True", "write @api(batch=True, max_rows=...)")

    def declare(method: Any) -> Any:
        where = _path_of(method, path)
        batching = Batching(max_rows, max_wait, threads or 1, retry, warmup, watch, outputs) if batch else None
        written = Api(where, batching, threads or 4, timeout, retry, example, warmup, watch, outputs)
        setattr(method, ENDPOINT, written)
        note("@api", method)
        return method

    return declare(function) if function is not None else declare


def _path_of(method: Any, given: str | None) -> str:
    if isinstance(method, Batched):
        raise _both(method.function)
    check_method("@api", method)
    path = given or f"/{method.__name__}"
    if not isinstance(path, str) or not _PATH.match(path) or path in RESERVED:
        raise ServiceInvalid(f"endpoint path {path!r} is reserved or not a path", "give a path like '/predict'")
    return path


def _check_timeout(timeout: float | None) -> None:
    if not isinstance(timeout, int | float | None) or not 0 <= (timeout or 0) < math.inf:
        raise ServiceInvalid(f"timeout is {timeout!r}", "timeout is a number of seconds, 0 for no limit")


def _both(method: Callable[..., Any]) -> ServiceInvalid:
    return ServiceInvalid(
        f"{method.__qualname__} has @api and @batched",
        "write @api(batch=True) alone, or await the @batched method in an async def with @api",
    )


def _check_batching(max_rows: int, max_wait: float, threads: int) -> None:
    for name, value, least in (("max_rows", max_rows, 1), ("max_wait", max_wait, 0), ("threads", threads, 1)):
        kind = float if name == "max_wait" else int
        if not isinstance(value, int | kind) or isinstance(value, bool):
            wanted = "a number of seconds" if kind is float else "a whole number"
            raise ServiceInvalid(f"{name} is {value!r}", f"{name} is {wanted}, at least {least}")
        if not value >= least:
            raise ServiceInvalid(f"{name} is {value}", f"{name} is at least {least}")
