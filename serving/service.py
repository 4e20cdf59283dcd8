"""What a user writes: a class with @service, endpoints with @api, and methods that run in batches with @batched."""

from __future__ import annotations

import inspect
import math
import re
import types
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from serving.errors import ServiceInvalid
from serving.signature import Signature, read_signature
from serving.store import Model, Store

DEFINITION = "__serving__"
_STORE = "__serving_store__"
_PATH = re.compile(r"/[A-Za-z0-9_./-]*\Z")
UNKNOWN = "unknown"
RESERVED = ("/healthz", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/")

In = TypeVar("In")
Out = TypeVar("Out")
C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Batching:
    """Bounds of the batches of one runner; None takes the setting or the default."""

    max_rows: int = 64
    max_wait: float = 0.01
    threads: int = 1
    retry: bool = False


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

    @overload
    def __get__(self, instance: None, owner: type) -> Batched[In, Out]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Callable[[In], Awaitable[Out]]: ...
    def __get__(self, instance: object | None, owner: type) -> Any:
        if instance is None:
            return self

        async def direct(rows: In) -> Out:
            return self.function(instance, rows)

        return direct


@overload
def batched(function: Callable[[Any, In], Out], /) -> Batched[In, Out]: ...
@overload
def batched(
    *, max_rows: int = 64, max_wait: float = 0.01, threads: int = 1, retry: bool = False
) -> Callable[[Callable[[Any, In], Out]], Batched[In, Out]]: ...
def batched(
    function: Any = None,
    /,
    *,
    max_rows: int = 64,
    max_wait: float = 0.01,
    threads: int = 1,
    retry: bool = False,
) -> Any:
    """Run a method with the rows of many requests, joined along the first axis; it answers a row for each.

    `retry=True` says that it may be run twice: what a runner's process had in hand when it died is sent to another.
    """
    _check_batching(max_rows, max_wait, threads)

    def declare(function: Callable[[Any, In], Out]) -> Batched[In, Out]:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise ServiceInvalid(f"{function.__qualname__} yields and is @batched", "return all rows")
        if inspect.iscoroutinefunction(function):
            raise ServiceInvalid(f"{function.__qualname__} is async and @batched: it runs on a thread", "make it a def")
        return Batched(function, Batching(max_rows, max_wait, threads, retry))

    return declare(function) if function is not None else declare


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
        load = getattr(instance, _STORE, None) or Store().load
        model = instance.__dict__[self.name] = load(self.tag)
        return model


def use(tag: str) -> ModelRef:
    """Declare a model of the store: `model = use("fashion_mnist:latest")` in a service's class."""
    return ModelRef(tag)


@dataclass(frozen=True, slots=True)
class Api:
    """What @api wrote on a method."""

    path: str
    batching: Batching | None
    threads: int
    timeout: float | None = None
    retry: bool = False


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
) -> Any:
    """Make a method an endpoint: POST /<its name>, or `path`.

    An `async def` runs on the event loop and awaits @batched methods. A `def` runs on a runner's threads
    (4 unless given); with `batch=True` it gets the rows of many requests and answers a row for each. One that
    yields streams its answer. After `timeout` seconds a request is given up (0: never; else the service's setting).
    `retry=True` on a `def`: it may be run a second time where a runner's process died with it.
    """
    _check_batching(max_rows, max_wait, threads or 1)
    if not 0 <= (timeout or 0) < math.inf:
        raise ServiceInvalid(f"timeout is {timeout}", "timeout is a number of seconds, 0 for no limit")

    def declare(method: Any) -> Any:
        where = path or f"/{method.__name__}"
        if not _PATH.match(where) or where in RESERVED:
            raise ServiceInvalid(f"endpoint path {where!r} is reserved or not a path", "give a path like '/predict'")
        batching = Batching(max_rows, max_wait, threads or 1, retry) if batch else None
        method.__serving_api__ = Api(where, batching, threads or 4, timeout, retry)
        return method

    return declare(function) if function is not None else declare


def _check_batching(max_rows: int, max_wait: float, threads: int) -> None:
    for name, value, least in (("max_rows", max_rows, 1), ("max_wait", max_wait, 0), ("threads", threads, 1)):
        if value < least:
            raise ServiceInvalid(f"{name} is {value}", f"{name} is at least {least}")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of a service."""

    name: str
    path: str
    summary: str
    signature: Signature
    runner: str | None
    timeout: float | None = None
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunnerSpec:
    """One runner of a service: which method it calls, and how."""

    name: str
    batch: bool
    batching: Batching
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """All that is declared of a service."""

    name: str
    version: str
    summary: str
    cls: type
    endpoints: tuple[Endpoint, ...]
    runners: tuple[RunnerSpec, ...]
    models: tuple[ModelRef, ...]

    def make(self, load: Callable[[str], Model]) -> Any:
        """An instance with its models loaded."""
        cls: Any = self.cls
        instance = object.__new__(cls)
        instance.__dict__[_STORE] = load
        for model in self.models:
            getattr(instance, model.name)
        cls.__init__(instance)
        return instance


@overload
def service(cls: C, /) -> C: ...
@overload
def service(*, name: str | None = None, version: str = "0.1.0") -> Callable[[C], C]: ...
def service(cls: Any = None, /, *, name: str | None = None, version: str = "0.1.0") -> Any:
    """Make a class a service: its @api methods are endpoints, its `use(...)` attributes are loaded models."""

    def declare(cls: type) -> type:
        setattr(cls, DEFINITION, _define(cls, name or _snake(cls.__name__), version))
        return cls

    return declare(cls) if cls is not None else declare


def definition(cls: Any) -> Definition:
    """What is declared of a service class."""
    found = getattr(cls, DEFINITION, None)
    if not isinstance(found, Definition):
        raise ServiceInvalid(f"{cls!r} is not a service", "put @service on the class")
    return found


def _define(cls: type, name: str, version: str) -> Definition:
    members = {key: value for base in reversed(cls.__mro__) for key, value in vars(base).items()}
    endpoints, runners = [], []
    for key, member in members.items():
        if isinstance(member, Batched):
            runners.append(RunnerSpec(key, True, member.batching))
        elif isinstance(declared := getattr(member, "__serving_api__", None), Api):
            endpoints.append(_endpoint(cls, key, member, declared))
            if endpoints[-1].runner is not None:
                batching = declared.batching or Batching(max_rows=1, threads=declared.threads, retry=declared.retry)
                stream = inspect.isgeneratorfunction(member)
                runners.append(RunnerSpec(key, declared.batching is not None, batching, stream))
    if not endpoints:
        raise ServiceInvalid(f"{cls.__name__} has no endpoint", "put @api on a method")
    _check_names(cls, endpoints)
    models = tuple(member for member in members.values() if isinstance(member, ModelRef))
    return Definition(name, version, inspect.getdoc(cls) or "", cls, tuple(endpoints), tuple(runners), models)


def _endpoint(cls: type, key: str, member: Any, declared: Api) -> Endpoint:
    where = f"{cls.__name__}.{key}"
    if declared.batching and (inspect.isgeneratorfunction(member) or inspect.isasyncgenfunction(member)):
        raise ServiceInvalid(f"{where} yields and has batch=True", "yield without batch=True, or return all rows")
    is_async = inspect.iscoroutinefunction(member) or inspect.isasyncgenfunction(member)
    if is_async and declared.batching:
        raise ServiceInvalid(f"{where} is async and batch=True", "make it a def, or await a @batched method in it")
    signature = read_signature(cls, key, member)
    if declared.batching and signature.query:
        raise ServiceInvalid(
            f"{where} has batch=True and the query parameter {signature.query[0].name!r}: requests of one batch may "
            "differ in it",
            "make it part of the body, or the endpoint async",
        )
    runner, queues = (None, _awaited(cls, member)) if is_async else (key, (key,))
    return Endpoint(key, declared.path, inspect.getdoc(member) or "", signature, runner, declared.timeout, queues)


def _awaited(cls: type, member: Any) -> tuple[str, ...]:
    """The @batched methods that an endpoint's code names: the queues that its requests may wait in."""
    code = getattr(inspect.unwrap(member), "__code__", None)
    return tuple(name for name in _names(code) if isinstance(getattr(cls, name, None), Batched))


def _names(code: Any) -> dict[str, None]:
    """What code refers to by name, the comprehensions and functions in it included."""
    if not isinstance(code, types.CodeType):
        return {}
    return dict.fromkeys(code.co_names) | {name: None for part in code.co_consts for name in _names(part)}


def _check_names(cls: type, endpoints: list[Endpoint]) -> None:
    """An endpoint's path and its label in the metrics are its own."""
    paths: dict[str, str] = {}
    for endpoint in endpoints:
        if endpoint.name == UNKNOWN:
            raise ServiceInvalid(
                f"{cls.__name__} has an endpoint {UNKNOWN!r}, which the metrics call what has no route", "rename it"
            )
        if endpoint.path in paths:
            raise ServiceInvalid(
                f"{cls.__name__} has {endpoint.path!r} twice: as {paths[endpoint.path]} and as {endpoint.name}",
                "give one of them another path",
            )
        paths[endpoint.path] = endpoint.name


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


__all__ = [
    "Batched",
    "Definition",
    "Endpoint",
    "RunnerSpec",
    "api",
    "batched",
    "definition",
    "service",
    "use",
]
