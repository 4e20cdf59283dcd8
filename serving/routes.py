"""A user's own routes and apps beside the endpoints: `@service(app=...)`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.routing import BaseRoute, Match, Mount, Router, WebSocketRoute

from monitoring.instrument.asgi import FASTAPI
from monitoring.instrument.routes import Routes
from serving.app import ASGIApp, Receive, Scope, Send
from serving.errors import ServiceInvalid
from serving.lifecycle import Lifecycle
from serving.service import UNKNOWN

SCHEMAS = "#/components/schemas/"
_HELP = "give an APIRouter, or a dict from prefixes to routers and ASGI apps: app={'/ui': ui}"


class ServiceState(State):
    """`request.app.state` of the frame: what routes keep there, and the service's instance once it is there."""

    def __init__(self, lifecycle: Lifecycle) -> None:
        super().__init__()
        object.__setattr__(self, "_lifecycle", lifecycle)

    def __getattr__(self, key: Any) -> Any:
        if key != "service":
            return super().__getattr__(key)
        lifecycle: Lifecycle = object.__getattribute__(self, "_lifecycle")
        lifecycle.admit()
        return lifecycle.instance


class Gate:
    """A mounted app, which sees requests once the service is ready: only then its own start has run."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app, self._lifecycle = app, lifecycle
        self._traces = (getattr(app, "_telemetry", None) or {}).get("tracer_provider") is not None

    @property
    def routes(self) -> list[BaseRoute]:
        """Those of the app, as far as it shows them."""
        return getattr(self._app, "routes", None) or []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._lifecycle.admit()
        if self._traces:  # a FastAPI that was given a provider tells that one of its own
            scope.pop(FASTAPI, None)
        await self._app(scope, receive, send)


class OwnRoutes:
    """What a user adds to a service's frame."""

    def __init__(self, given: Any, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._routers: list[tuple[str, Router]] = []
        self._apps: dict[str, ASGIApp] = {}
        self._ours: frozenset[str] = frozenset()
        self._routes: Routes | None = None
        for prefix, one in _by_prefix(given):
            if isinstance(one, Router):
                self._routers.append((prefix, one))
            elif callable(one) and prefix:
                self._apps[prefix] = one
            else:
                raise ServiceInvalid(f"the service's app is {one!r} at {prefix or 'no prefix'!r}", _HELP)

    def add(self, frame: Any) -> None:
        """Add them to the frame, which has our own routes already."""
        ours = [*(e.path for e in self._lifecycle.definition.endpoints), *_paths(frame.routes)]
        self._ours = frozenset(ours)
        frame.state = ServiceState(self._lifecycle)
        for prefix, router in self._routers:
            for route in router.routes:
                _check(route, prefix, ours)
            if hasattr(router, "add_api_route"):
                frame.include_router(router, prefix=prefix)
            else:  # a router of Starlette's own, which FastAPI does not describe
                frame.router.routes.extend([Mount(prefix, router)] if prefix else router.routes)
        for prefix, app in self._apps.items():
            mount = Mount(prefix, Gate(app, self._lifecycle))
            _check(mount, "", ours)
            frame.router.routes.append(mount)
        if self._routers or self._apps:
            self._lifecycle.own = Opened(lambda: self._opened(frame))
            self._routes = Routes(frame)

    def template(self, method: str, path: str) -> str:
        """The route of these that takes a request; nothing where none does."""
        found = UNKNOWN if self._routes is None else self._routes.find(method, path)
        return "" if found == UNKNOWN or found in self._ours else found

    @contextlib.asynccontextmanager
    async def _opened(self, frame: Any) -> AsyncIterator[None]:
        """Run what routers and apps do at their start and at their end."""
        mounted = [app for app in self._apps.values() if isinstance(app, Starlette)]
        async with contextlib.AsyncExitStack() as stack:
            for app in mounted:
                app.state.service = self._lifecycle.instance
            for app in (frame, *mounted):
                await stack.enter_async_context(app.router.lifespan_context(app))
            yield

    def describe(self, schema: dict[str, Any]) -> None:
        """Add what mounted FastAPI apps say of themselves to the service's description."""
        for prefix, app in self._apps.items():
            if callable(getattr(app, "openapi", None)):
                _add_description(schema, prefix, app.openapi())  # type: ignore[attr-defined]


class Opened:
    """A context that is entered before the service is ready and left at its end, in one task, as some must be."""

    def __init__(self, make: Callable[[], contextlib.AbstractAsyncContextManager[None]]) -> None:
        self._make = make
        self._leave = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Enter it; what it raises is raised here."""
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._hold(entered))
        await asyncio.wait([self._task, entered], return_when=asyncio.FIRST_COMPLETED)
        if not entered.done():
            await self._task

    async def _hold(self, entered: asyncio.Future[None]) -> None:
        async with self._make():
            entered.set_result(None)
            await self._leave.wait()

    async def close(self) -> None:
        """Leave it."""
        self._leave.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)


def _by_prefix(given: Any) -> Iterator[tuple[str, Any]]:
    if given is None:
        return
    if not isinstance(given, Mapping):
        yield "", given
        return
    for prefix, one in given.items():
        if not isinstance(prefix, str) or not prefix.startswith("/") or prefix.endswith("/"):
            raise ServiceInvalid(f"an app of the service has the prefix {prefix!r}", "a prefix is like '/ui'")
        yield prefix, one


def _paths(routes: Iterable[BaseRoute]) -> list[str]:
    return [path for route in routes if (path := getattr(route, "path", None)) is not None]


def _check(route: BaseRoute, prefix: str, ours: list[str]) -> None:
    """A route that would never be asked is a mistake to hear of at the start."""
    path = prefix + getattr(route, "path", "")
    if isinstance(route, WebSocketRoute):
        raise ServiceInvalid(f"the service's own route {path!r} is a WebSocket, which is not served", "stream instead")
    for taken in ours:
        if _takes(route, path, prefix, taken):
            raise ServiceInvalid(
                f"the service's own route {path!r} collides with {taken!r}, which the server answers",
                "give the route, or the endpoint with @api(path=...), another path",
            )


def _takes(route: BaseRoute, path: str, prefix: str, taken: str) -> bool:
    """Whether it is for this very path. A pattern may match it: what is ours is asked before."""
    if hasattr(route, "path"):
        return taken == path or (isinstance(route, Mount) and taken.startswith(f"{path}/"))
    if not taken.startswith(prefix):
        return False
    asked = taken.removeprefix(prefix)  # routes within it are not to be seen from here, so ask
    return _matches(route, asked) and not _matches(route, f"{asked}-that-nobody-declares")


def _matches(route: BaseRoute, path: str) -> bool:
    scope = {"type": "http", "method": "GET", "path": path, "root_path": "", "headers": [], "query_string": b""}
    return route.matches(scope)[0] != Match.NONE


def _add_description(schema: dict[str, Any], prefix: str, given: Mapping[str, Any]) -> None:
    known = schema.setdefault("components", {}).setdefault("schemas", {})
    found = given.get("components", {}).get("schemas", {})
    renamed = {
        name: f"{prefix.strip('/').replace('/', '_')}_{name}"
        for name, content in found.items()
        if known.get(name, content) != content
    }
    known.update({renamed.get(name, name): _refer(content, renamed) for name, content in found.items()})
    for path, content in given.get("paths", {}).items():
        schema["paths"][prefix + path] = _refer(content, renamed)


def _refer(content: Any, renamed: Mapping[str, str]) -> Any:
    """The same, with references to schemas by their new names."""
    if isinstance(content, dict):
        return {
            key: SCHEMAS + renamed.get(value.removeprefix(SCHEMAS), value.removeprefix(SCHEMAS))
            if key == "$ref" and isinstance(value, str) and value.startswith(SCHEMAS)
            else _refer(value, renamed)
            for key, value in content.items()
        }
    return [_refer(one, renamed) for one in content] if isinstance(content, list) else content
