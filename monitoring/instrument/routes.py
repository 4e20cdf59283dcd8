"""From a path to the template of its route, in one look-up or one match, whatever the number of routes.

It answers as Starlette's own routing does: the first route that takes path and method, else the first that takes the
path. Routes are read once for each method; `include_router`, `Mount` and routes that are added later are seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from monitoring.instrument.counts import UNKNOWN

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_GROUP = re.compile(r"\(\?P<\w+>")
_PLAIN = re.compile(r"[^{}]*\Z")


class Way(NamedTuple):
    """One route: what it matches, and how it is called."""

    regex: str
    template: str
    plain: bool
    listed: bool = True
    """Whether it is one of the endpoints that the app is for, and not one for its own documentation."""


class Table:
    """All ways for one method."""

    def __init__(self, ways: Iterable[Way]) -> None:
        self._plain: dict[str, str] = {}
        self.templates: set[str] = set()
        dynamic: list[Way] = []
        for way in ways:
            if way.listed:
                self.templates.add(way.template)
            if not way.plain:
                dynamic.append(way)
            elif not any(re.fullmatch(earlier.regex, way.template) for earlier in dynamic):
                self._plain.setdefault(way.template, way.template)
        self._templates = {f"_{at}": way.template for at, way in enumerate(dynamic)}
        joined = "|".join(f"(?P<_{at}>{way.regex})" for at, way in enumerate(dynamic))
        self._match = re.compile(rf"(?:{joined})\Z", re.DOTALL).match if dynamic else None

    def has(self, path: str) -> bool:
        """Whether a route is for this very path."""
        return path in self._plain

    def find(self, path: str) -> str:
        """The template of the route that takes the path."""
        found = self._plain.get(path)
        if found is not None:
            return found
        if self._match is None or (match := self._match(path)) is None:
            return UNKNOWN
        return self._templates[match.lastgroup or ""]


class Routes:
    """The routes of an app of Starlette or FastAPI."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._tables: dict[str, Table] = {}
        self._seen = -1

    def table(self, method: str) -> Table:
        """The ways for a method, as the routes are now."""
        routes = self._app.router.routes
        if len(routes) != self._seen:
            self._tables, self._seen = {}, len(routes)
        found = self._tables.get(method)
        if found is None:
            if method not in METHODS:
                return self.table("OPTIONS")
            found = self._tables[method] = Table(_ways(routes, "", "", method))
        return found

    def find(self, method: str, path: str) -> str:
        """The template of the route that answers."""
        return self.table(method).find(path)


def _ways(routes: Iterable[Any], prefix: str, name: str, method: str) -> Iterator[Way]:
    """The ways in the order in which they are tried: who takes the method, then who takes the path alone."""
    later = []
    for route in _flat(routes):
        regex, path = getattr(route, "path_regex", None), getattr(route, "path", None)
        if regex is None or path is None or _is_socket(route):
            continue
        methods = getattr(route, "methods", None)
        if methods is None and hasattr(route, "routes"):
            yield from _mounted(route, prefix, name, method)
            continue
        body = _GROUP.sub("(?:", regex.pattern.removeprefix("^").removesuffix("$"))
        listed = getattr(route, "include_in_schema", True) is not False
        way = Way(prefix + body, name + path, not prefix and _PLAIN.match(path) is not None, listed)
        if methods and method not in methods:
            later.append(way)
        else:
            yield way
    yield from later


def _mounted(mount: Any, prefix: str, name: str, method: str) -> Iterator[Way]:
    """The ways of a mounted app; a path below it that it has no route for goes nowhere else."""
    pattern = mount.path_regex.pattern.removeprefix("^")
    before = prefix + _GROUP.sub("(?:", pattern[: pattern.rindex("/(?P<path>")])
    routes = mount.routes or []
    if routes:
        yield from _ways(routes, before, name + mount.path, method)
    yield Way(f"{before}/.*", UNKNOWN if routes else name + mount.path or "/", False, not routes)


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    """Routes as they are matched: what newer releases of FastAPI keep as an included router is several."""
    for route in routes:
        contexts = getattr(route, "effective_route_contexts", None)
        if contexts is None:
            yield route
            continue
        for context in contexts():
            yield getattr(context, "starlette_route", None) or context


def _is_socket(route: Any) -> bool:
    original = getattr(route, "original_route", route)
    return "WebSocket" in type(original).__name__
