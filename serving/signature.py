"""Reads an endpoint's signature: which parameter is the body, which come from the query, what is answered."""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

import numpy as np
import PIL.Image
from pydantic import TypeAdapter, ValidationError

from serving.errors import ServiceInvalid, UnfitInput
from serving.types import JSON, File, Image, Input, NDArray, Output, Text
from serving.types.stream import Framing, Stream

SCALARS = (int, float, bool, str)
_TYPES = {NDArray: "np.ndarray", Image: "PIL.Image.Image", Text: "str", File: "bytes", JSON: "dict"}
YIELDING = (abc.AsyncGenerator, abc.AsyncIterable, abc.AsyncIterator, abc.Generator, abc.Iterable, abc.Iterator)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that comes from the URL's query."""

    name: str
    adapter: TypeAdapter[Any]
    required: bool
    default: Any = None

    def schema(self) -> dict[str, Any]:
        """Its JSON schema, the default included."""
        told = {} if self.required or self.default is None else {"default": self.default}
        return {**self.adapter.json_schema(), **told}

    def read(self, query: dict[str, str]) -> Any:
        """Check the query's value."""
        if self.name not in query:
            raise UnfitInput(f"the query lacks {self.name!r}", f"add ?{self.name}=... to the URL")
        try:
            return self.adapter.validate_strings(query[self.name])
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise UnfitInput(f"query {self.name!r}: {fault['msg']}, got {query[self.name]!r}") from None


@dataclass(frozen=True, slots=True)
class Signature:
    """How an endpoint is called and what it answers."""

    body: str
    input: Input
    output: Output
    query: tuple[Parameter, ...] = ()
    stream: Stream | None = None

    def framing(self, accept: str) -> Framing:
        """How this request's items are written, where the endpoint yields."""
        return (self.stream or Stream(self.output)).framing(accept)

    def answers(self) -> dict[str, Any]:
        """OpenAPI: what it answers, by media type; whatever pictures it takes, it answers PNG."""
        if self.stream is None and isinstance(self.output, Image):
            return {"image/png": self.output.schema()["image/png"]}
        return (self.stream or self.output).schema()


def read_signature(cls: type, name: str, function: Callable[..., Any]) -> Signature:
    """Read it once, when the service is declared, so that faults come out there."""
    where = f"{cls.__name__}.{name}"
    hints = _hints(function, where)
    parameters = list(inspect.signature(function).parameters.values())[1:]
    if not parameters:
        raise ServiceInvalid(f"{where} takes nothing", "give it a parameter for the request's body")
    body, *others = parameters
    if body.name not in hints:
        raise ServiceInvalid(f"{where} does not say what {body.name!r} is", _EXAMPLE)
    streams = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
    output = _output(_item(hints.get("return", Any), where) if streams else hints.get("return", Any), where)
    if streams and isinstance(output, Image):
        raise ServiceInvalid(f"{where} yields pictures, which no client tells apart", "yield bytes, text or JSON")
    return Signature(
        body=body.name,
        input=_input(hints[body.name], body.name, where),
        output=output,
        query=tuple(_query(parameter, hints, where) for parameter in others),
        stream=Stream(output) if streams else None,
    )


def _hints(function: Callable[..., Any], where: str) -> dict[str, Any]:
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:  # an annotation that is a text is code of the user's
        told = "import the name" if isinstance(error, NameError) else _EXAMPLE
        raise ServiceInvalid(f"{where} has an annotation that cannot be read: {error}", told) from None
    for name, hint in hints.items():
        ours = hint if isinstance(hint, type) else type(hint)
        if ours in _TYPES:
            before = "->" if name == "return" else f"{name}:"
            raise ServiceInvalid(
                f"{where} has {before} {ours.__name__}, which says how it is sent and not of what type it is",
                f"write {before} Annotated[{_TYPES[ours]}, {ours.__name__}(...)]",
            )
    return hints


def answer_of(function: Callable[..., Any]) -> Any:
    """What a method says that it answers; Any where it says nothing that can be read."""
    try:
        hint = typing.get_type_hints(function, include_extras=True).get("return", Any)
    except Exception:  # an annotation that is a text is code of the user's
        return Any
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _item(hint: Any, where: str) -> Any:
    """What a generator yields, by its return annotation."""
    if hint is Any or hint in YIELDING:
        return Any
    if get_origin(hint) not in YIELDING:
        raise ServiceInvalid(f"{where} yields, and says that it answers {hint}", "write -> AsyncIterator[str]")
    return get_args(hint)[0]


_EXAMPLE = "for example: image: Annotated[np.ndarray, NDArray('float32', ('N', 28, 28))]"


def _query(parameter: inspect.Parameter, hints: dict[str, Any], where: str) -> Parameter:
    kind = hints.get(parameter.name, str)
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise ServiceInvalid(f"{where} takes *{parameter.name}, which no request can fill", "name each parameter")
    base = _scalar(get_args(kind)[0] if get_origin(kind) is Annotated else kind)
    if base not in SCALARS:
        raise ServiceInvalid(
            f"{where} has the parameter {parameter.name!r} of {kind}: the first parameter is the body, the others "
            "come from the query and are int, float, bool or str",
            "take several values as one pydantic model",
        )
    required, adapter = parameter.default is inspect.Parameter.empty, TypeAdapter(kind)
    default = None if required else parameter.default
    try:
        adapter.validate_python(default) if default is not None else None
    except ValidationError:
        raise ServiceInvalid(
            f"{where} has {parameter.name!r} of {kind} with the default {default!r}", "give a default of that type"
        ) from None
    return Parameter(parameter.name, adapter, required, default)


def _scalar(kind: Any) -> Any:
    """The type itself of one that may be left out: `int | None` is an int, for what is None is not sent."""
    if get_origin(kind) not in (typing.Union, types.UnionType):
        return kind
    kinds = [one for one in get_args(kind) if one is not types.NoneType]
    return kinds[0] if len(kinds) == 1 else kind


def _input(hint: Any, name: str, where: str) -> Input:
    found = _spec(hint, Input)
    if isinstance(found, Image):
        array = get_args(hint)[0] is not PIL.Image.Image
        return dataclasses.replace(found, field=found.field or name, array=array)
    if found is not None:
        return typing.cast(Input, found)
    if hint is PIL.Image.Image:
        return Image(field=name)
    if hint is str:
        return Text()
    if hint is bytes:
        return File()
    if _is_array(hint):
        raise ServiceInvalid(f"{where} does not say what array {name!r} is", _EXAMPLE)
    if not (codec := JSON(hint)).checks:
        raise ServiceInvalid(f"{where} takes {name!r} as {hint}, which cannot be checked", "make it a pydantic model")
    return codec


def _output(hint: Any, where: str) -> Output:
    found = _spec(hint, Output)
    if found is not None:
        return typing.cast(Output, found)
    if hint is PIL.Image.Image:
        return Image()
    if hint is str:
        return Text()
    if hint is bytes:
        return File()
    if get_origin(hint) is dict and (get_args(hint) or (str,))[0] in (int, float, bool, bytes):
        raise ServiceInvalid(f"{where} answers {hint}, and JSON has texts for keys", "write -> dict[str, ...]")
    return NDArray(finite=False) if _is_array(hint) else JSON(hint)


def _is_array(hint: Any) -> bool:
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    return plain is np.ndarray or get_origin(plain) is np.ndarray


def _spec(hint: Any, kind: type) -> Any:
    if get_origin(hint) is not Annotated:
        return None
    found = next((extra for extra in get_args(hint)[1:] if isinstance(extra, kind)), None)
    return found() if isinstance(found, type) else found  # the class alone, as in Annotated[bytes, File]
