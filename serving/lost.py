"""Methods that were declared and then lost: of one name, Python keeps the last in a class and says nothing."""

from __future__ import annotations

import ast
import inspect
import linecache
from collections.abc import Callable, Iterator, Sequence
from types import CodeType
from typing import Any

from serving.errors import ServiceInvalid
from serving.places import shown

_NOTED: dict[tuple[str, str], dict[CodeType, str]] = {}
"""What was decorated within which class, and with what: so no source is read where nothing was lost."""


def note(decorator: str, function: Callable[..., Any]) -> None:
    """Remember that a method is one of ours, until its class is there."""
    code = _code(function)
    if code is not None:
        within = getattr(function, "__qualname__", "").rpartition(".")[0]
        _NOTED.setdefault((function.__module__, within), {})[code] = decorator


def check_lost(cls: type) -> None:
    """Refuse a class in whose body another took the name of a method of ours; without its source, that is unseen."""
    for owner in cls.__mro__:
        for code, decorator in _NOTED.pop((owner.__module__, owner.__qualname__), {}).items():
            member = vars(owner).get(code.co_name)
            if code == _code(getattr(member, "function", member)):
                continue
            if (lines := _lines(owner.__name__, code)) is not None:
                first, last = (shown(code.co_filename, line) for line in lines)
                raise ServiceInvalid(
                    f"{owner.__name__} has {code.co_name!r} twice, at {first} with {decorator} and at {last}: Python "
                    "keeps the last",
                    "give one of them another name, or take it away",
                )


def _code(function: Any) -> CodeType | None:
    try:
        code = getattr(inspect.unwrap(function), "__code__", None)
    except ValueError:  # it wraps itself
        return None
    return code if isinstance(code, CodeType) else None


def _lines(name: str, code: CodeType) -> tuple[int, int] | None:
    """The line of a method and of what takes its name; None where nothing surely does, or there is no source."""
    linecache.checkcache(code.co_filename)
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except (SyntaxError, ValueError, RecursionError):
        return None
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)
    return next((found for body in bodies if (found := _replaced(body, code)) is not None), None)


def _replaced(body: Sequence[ast.stmt], code: CodeType) -> tuple[int, int] | None:
    """Only what stands in the body itself counts: what is under an `if` or a `try` is meant to be one of several."""
    first: ast.stmt | None = None
    for each in body:
        if first is None:
            first = each if _is(each, code) else None
        elif any(_is_used(node, code.co_name) for node in _evaluated(each)):
            return None
        elif code.co_name in _bound(each):
            return first.lineno, each.lineno
    return None


def _is(statement: ast.stmt, code: CodeType) -> bool:
    if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) or statement.name != code.co_name:
        return False
    above = statement.decorator_list
    overloads = any(ast.unparse(one).rpartition(".")[2] == "overload" for one in above)
    return min([statement.lineno, *(one.lineno for one in above)]) == code.co_firstlineno and not overloads


def _is_used(node: ast.AST, name: str) -> bool:
    """As by `@predict.setter`, `predict = traced(predict)` and `del predict`: whoever writes that knows of it."""
    return isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Store)


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """What of a statement is evaluated among the names of the class: not the bodies of functions and classes."""
    yield node
    inner = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
    for field, value in ast.iter_fields(node):
        if not (inner and field == "body"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _evaluated(child)


def _bound(statement: ast.stmt) -> set[str]:
    """The names that a statement surely binds."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return {statement.name}
        case ast.Assign():
            targets = statement.targets
        case ast.AnnAssign() if statement.value is not None:
            targets = [statement.target]
        case _:
            return set()
    nodes = (node for target in targets for node in ast.walk(target))
    return {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
