"""Mistakes in a service's declaration: seen where they are written, and told with what to write instead."""

from __future__ import annotations

import difflib
import dis
import functools
import inspect
import sys
import types
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from monitoring.articles import a
from serving.errors import ServiceInvalid

ENDPOINT = "__serving_api__"
"""Where a method has what @api wrote on it."""

_MARKED = sys.version_info >= (3, 12)
_AS = {"@api": "path='/predict'", "@batched": "max_rows=32", "@service": "name='pets'"}


def check_arguments(decorator: str, unknown: Mapping[str, Any], function: Callable[..., Any]) -> None:
    """Refuse an argument that a decorator does not take."""
    if unknown:
        name = next(iter(unknown))
        kinds = inspect.signature(function).parameters.values()
        taken = [one.name for one in kinds if one.kind is one.KEYWORD_ONLY]
        close = difflib.get_close_matches(name, taken, 1)
        meant = f"write {close[0]}=...; " if close else ""
        raise ServiceInvalid(f"{decorator} has no argument {name!r}", f"{meant}it takes {', '.join(taken)}")


def check_class(found: Any) -> None:
    """Refuse @service above anything but a class."""
    if isinstance(found, type):
        return
    _check_called("@service", found)
    raise ServiceInvalid(f"@service stands above {_kind(found)}", "put it above a class whose methods have @api")


def check_method(decorator: str, found: Any) -> None:
    """Refuse @api and @batched above anything but a method."""
    if callable(found) and hasattr(found, "__name__") and not isinstance(found, staticmethod | classmethod | type):
        return
    if isinstance(found, type):
        raise ServiceInvalid(
            f"{decorator} stands above {_kind(found)}",
            f"put @service above the class and {decorator} above its methods",
        )
    _check_called(decorator, found)
    name = _name(found) or "predict"
    raise ServiceInvalid(f"{decorator} stands above {_kind(found)}", f"make it a method: def {name}(self, ...)")


def _check_called(decorator: str, found: Any) -> None:
    """A value where a decorator's only arguments have names."""
    if found is None or isinstance(found, str | bytes | int | float | list | tuple | dict):
        raise ServiceInvalid(
            f"{decorator} was given {found!r}", f"name the argument, as in {decorator}({_AS[decorator]})"
        )


def _kind(found: Any) -> str:
    kind = "class" if isinstance(found, type) else type(found).__name__
    name = _name(found)
    return f"the {kind} {name!r}" if name else a(kind)


def _name(found: Any) -> str:
    name = getattr(_beneath(found) or found, "__name__", "")
    return name if isinstance(name, str) else ""


def _beneath(found: Any) -> Any:
    """What a decorator of Python's own stands above."""
    if isinstance(found, property):
        return found.fget
    if isinstance(found, staticmethod | classmethod):
        return found.__func__
    return found.func if isinstance(found, functools.cached_property) else None


def check_text(name: str, given: Any, example: str) -> None:
    """Refuse what is no text of one line; None is none that was given."""
    if given is not None and not (isinstance(given, str) and given.strip() and given.isprintable()):
        like = str(given) if isinstance(given, int | float) else example
        raise ServiceInvalid(f"{name} is {given!r}", f"give a text of one line, as in {name}={like!r}")


def check_flags(**given: Any) -> None:
    """Refuse what is neither True nor False."""
    for name, value in given.items():
        if not isinstance(value, bool):
            raise ServiceInvalid(f"{name} is {value!r}", f"{name} is True or False")


def check_warmup(given: Any) -> None:
    """Refuse what is neither a word on the first calls nor the rows for them."""
    if isinstance(given, bool) or (hasattr(given, "__len__") and not isinstance(given, str | bytes) and len(given)):
        return
    raise ServiceInvalid(f"warmup is {given!r}", "warmup is True, False, or rows that the method takes")


def check_rows(function: Callable[..., Any]) -> None:
    """Refuse a @batched method that cannot be called with `self` and the rows."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # what is not written in Python may have none
        return
    try:
        signature.bind(None, None)
    except TypeError:
        raise ServiceInvalid(
            f"{function.__qualname__}{_shown(signature)} is @batched, and is called with self and the rows alone",
            f"write def {function.__name__}(self, rows)",
        ) from None


def _shown(signature: inspect.Signature) -> str:
    return f"({', '.join(signature.parameters)})"


def check_self(where: str, function: Callable[..., Any]) -> None:
    """Refuse an endpoint whose first parameter is its body, for `self` was forgotten."""
    first = next(iter(inspect.signature(function).parameters.values()), None)
    forgot = first is None or (first.name not in ("self", "cls") and first.annotation is not inspect.Parameter.empty)
    if forgot:
        others = f", {first.name}: ..." if first is not None else ", text: str"
        raise ServiceInvalid(
            f"{where}{_shown(inspect.signature(function))} has no self", f"write def {function.__name__}(self{others})"
        )


def check_members(cls: type, members: Mapping[str, Any], kinds: type | tuple[type, ...]) -> None:
    """Refuse an endpoint or a method of one of these kinds that a decorator of Python's own hides."""
    for key, member in members.items():
        inner = _beneath(member)
        if hasattr(inner, ENDPOINT) or isinstance(inner, kinds):
            ours = "@api" if hasattr(inner, ENDPOINT) else "@batched"
            raise ServiceInvalid(
                f"{cls.__name__}.{key} has @{type(member).__name__} above {ours}",
                f"take @{type(member).__name__} away and write def {key}(self, ...)",
            )


def check_init(cls: Any) -> None:
    """Refuse a class that nobody can make an instance of without knowing more."""
    try:
        parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    except (TypeError, ValueError):  # what is not written in Python may have none
        return
    if inspect.iscoroutinefunction(cls.__init__):
        raise ServiceInvalid(f"{cls.__name__}.__init__ is async, and nobody awaits it", "make it a def")
    for parameter in parameters:
        if parameter.default is parameter.empty and parameter.kind not in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            raise ServiceInvalid(
                f"{cls.__name__}.__init__ takes {parameter.name!r}, and nobody gives it one",
                f"write {parameter.name}=..., or find it within __init__(self)",
            )


def check_awaited(cls: type, key: str, function: Any, queues: Collection[str]) -> None:
    """Refuse a plain method that calls a @batched one: it runs on a thread, where nothing can be awaited."""
    for name in _calls(getattr(inspect.unwrap(function), "__code__", None)):
        if name in queues:
            raise ServiceInvalid(
                f"{cls.__name__}.{key} is a plain def and calls self.{name}, which is @batched and to be awaited",
                f"make it an async def @api and write await self.{name}(...)",
            )


def _calls(code: Any, owner: str = "") -> Iterator[str]:
    """The methods of `self` that code calls, the comprehensions and functions in it included."""
    if not isinstance(code, types.CodeType) or not (owner or code.co_varnames):
        return
    owner, last = owner or code.co_varnames[0], None
    for one in dis.get_instructions(code):
        loaded = last is not None and last.opname.startswith(("LOAD_FAST", "LOAD_DEREF")) and last.argval == owner
        if loaded and _is_call(one):
            yield one.argval
        last = one
    for part in code.co_consts:
        yield from _calls(part, owner)


def _is_call(one: dis.Instruction) -> bool:
    """Whether it takes a method in order to call it; since 3.12 the lowest bit of its argument tells."""
    return one.opname == "LOAD_METHOD" or (_MARKED and one.opname == "LOAD_ATTR" and bool((one.arg or 0) & 1))
