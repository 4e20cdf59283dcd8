"""What a user writes: a class with @service, endpoints with @api, and methods that run in batches with @batched."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload

from serving.answers import Outputs
from serving.answers import check as check_outputs
from serving.declared import (
    ENDPOINT,
    check_arguments,
    check_awaited,
    check_class,
    check_init,
    check_members,
    check_self,
    check_text,
)
from serving.errors import ServiceInvalid
from serving.lost import check_lost
from serving.methods import STORE, Api, Batched, Batching, ModelRef, api, batched, use
from serving.signature import Signature, answer_of, read_signature
from serving.store import Model
from serving.watching import check as check_watch

DEFINITION = "__serving__"
UNKNOWN = "unknown"
_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\Z")

C = TypeVar("C", bound=type)


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
    example: Any = None
    warmup: bool = True
    watch: str = ""
    """The model by whose reference its requests are watched, where they are not watched in batches."""
    outputs: Outputs = None
    """Which part of its answers is watched; None for the whole."""


@dataclass(frozen=True, slots=True)
class RunnerSpec:
    """One runner of a service: which method it calls, and how."""

    name: str
    batch: bool
    batching: Batching
    stream: bool = False
    watch: str = ""
    """The model by whose reference its batches are watched."""
    outputs: Outputs = None
    """Which part of each answer is watched; None for the whole."""


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
    app: Any = None
    slos: tuple[str, ...] = ()
    owner: str = ""

    def make(self, load: Callable[[str], Model]) -> Any:
        """An instance with its models loaded."""
        cls: Any = self.cls
        instance = object.__new__(cls)
        instance.__dict__[STORE] = load
        for model in self.models:
            getattr(instance, model.name)
        cls.__init__(instance)
        for name, value in vars(instance).items():
            if isinstance(value, ModelRef):
                raise ServiceInvalid(
                    f"{cls.__name__}.__init__ sets self.{name} = {value!r}, which loads nothing there",
                    f"write {name} = {value!r} in the class, beside its methods",
                )
        return instance


@overload
def service(cls: C, /) -> C: ...
@overload
def service(
    *,
    name: str | None = None,
    version: str = "0.1.0",
    app: Any = None,
    slos: Sequence[str] = (),
    owner: str = "",
) -> Callable[[C], C]: ...
def service(
    cls: Any = None,
    /,
    *,
    name: str | None = None,
    version: str = "0.1.0",
    app: Any = None,
    slos: Sequence[str] = (),
    owner: str = "",
    **unknown: Any,
) -> Any:
    """Make a class a service: its @api methods are endpoints, its `use(...)` attributes are loaded models.

    `app` are routes of your own: a FastAPI router, or a dict from prefixes to routers and ASGI apps.
    `slos` is what the service promises, such as `["availability 99.9%", "latency 99% under 0.25s"]`.
    `owner` is who is told of its alerts, where that owner has channels: see secrets/README.md.
    """
    check_arguments("@service", unknown, service)
    check_text("name", name, "pets")
    check_text("version", version, "1.2.0")
    if not isinstance(slos, list | tuple) or not all(isinstance(text, str) for text in slos):
        raise ServiceInvalid(f"slos is {slos!r}", 'give a list of texts, as in slos=["latency 99% under 0.25s"]')
    check_owner(owner)

    def declare(cls: type) -> type:
        check_class(cls)
        made = _define(cls, name or _snake(cls.__name__), version)
        setattr(cls, DEFINITION, replace(made, app=app, slos=tuple(slos), owner=owner))
        return cls

    return declare(cls) if cls is not None else declare


def definition(cls: Any) -> Definition:
    """What is declared of a service class."""
    found = getattr(cls, DEFINITION, None)
    if not isinstance(found, Definition):
        raise ServiceInvalid(f"{cls!r} is not a service", "put @service on the class")
    if isinstance(cls, type) and DEFINITION not in vars(cls):
        raise ServiceInvalid(
            f"{cls!r} is not a service, {found.cls.__name__} that it inherits is", "put @service on it"
        )
    return found


def check_owner(owner: Any) -> None:
    """Refuse what cannot be the name of an owner: it is a label's value and a folder's name."""
    if not isinstance(owner, str) or (owner and not _OWNER.match(owner)):
        raise ServiceInvalid(f"owner is {owner!r}", "give letters, digits, '_', '.' and '-', as in owner=\"vision\"")


def _define(cls: type, name: str, version: str) -> Definition:
    check_lost(cls)
    members = {key: value for base in reversed(cls.__mro__) for key, value in vars(base).items()}
    endpoints, runners = [], []
    models = tuple(member for member in members.values() if isinstance(member, ModelRef))
    queues = [key for key, member in members.items() if isinstance(member, Batched)]
    check_members(cls, members, Batched)
    for key, member in members.items():
        if isinstance(member, Batched):
            check_awaited(cls, key, member.function, queues)
            runners.append(_runner(f"{cls.__name__}.{key}", key, member, models))
        elif isinstance(declared := getattr(member, ENDPOINT, None), Api):
            endpoint = _endpoint(cls, key, member, declared)
            if endpoint.runner is not None:
                check_awaited(cls, key, member, queues)
            watch = check_watch(f"{cls.__name__}.{key}", declared.watch, models, endpoint.signature.stream is not None)
            outputs = check_outputs(f"{cls.__name__}.{key}", declared.outputs, watch, answer_of(member))
            endpoints.append(replace(endpoint, watch="" if declared.batching else watch, outputs=outputs))
            if endpoints[-1].runner is not None:
                single = Batching(1, threads=declared.threads, retry=declared.retry, warmup=declared.warmup)
                batching = declared.batching or single
                stream = inspect.isgeneratorfunction(member)
                batch = declared.batching is not None
                runners.append(RunnerSpec(key, batch, batching, stream, watch if batch else "", outputs))
    if not endpoints:
        raise ServiceInvalid(f"{cls.__name__} has no endpoint", "put @api on a method")
    _check_names(cls, endpoints)
    check_init(cls)
    return Definition(name, version, inspect.getdoc(cls) or "", cls, tuple(endpoints), tuple(runners), models)


def _runner(where: str, key: str, member: Batched[Any, Any], models: Sequence[ModelRef]) -> RunnerSpec:
    watch = check_watch(where, member.batching.watch, models)
    outputs = check_outputs(where, member.batching.outputs, watch, answer_of(member.function))
    return RunnerSpec(key, True, member.batching, watch=watch, outputs=outputs)


def _endpoint(cls: type, key: str, member: Any, declared: Api) -> Endpoint:
    where = f"{cls.__name__}.{key}"
    check_self(where, member)
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
    summary, example, warmup = inspect.getdoc(member) or "", declared.example, declared.warmup
    return Endpoint(key, declared.path, summary, signature, runner, declared.timeout, queues, example, warmup)


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
    "ModelRef",
    "RunnerSpec",
    "api",
    "batched",
    "definition",
    "service",
    "use",
]
