"""The frame around the endpoints: FastAPI with health, metrics, Swagger that needs no internet, errors as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi_swagger import patch_fastapi
from prometheus_client.registry import CollectorRegistry
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from monitoring import Metrics, MetricsApp, own
from serving.app import App, ASGIApp
from serving.errors import InvalidInput, MethodNotAllowed, NotFound, NotReady, ServewatchError, UnfitInput
from serving.faults import Faults
from serving.feedback import PATH, FeedbackRoute, describe
from serving.lifecycle import Lifecycle
from serving.openapi import endpoint_paths
from serving.routes import OwnRoutes
from serving.service import Definition, definition
from serving.settings import Settings


def create_app(
    service: Any,
    settings: Settings | None = None,
    registry: CollectorRegistry | None = None,
    *,
    make: Callable[..., Lifecycle] = Lifecycle,
    page: ASGIApp | None = None,
) -> App:
    """The ASGI app of a service class, with all its metrics in the registry.

    Where it is one process of several, `make` gives it a lifecycle without models and `page` is /metrics of all.
    """
    declared = definition(service)
    settings = settings or Settings.load()
    registry = registry if registry is not None else CollectorRegistry()
    metrics = Metrics(registry, {"service": declared.name, "version": declared.version})
    own.expose(registry, metrics.constant)
    lifecycle = make(declared, settings, metrics, Faults() if settings.faults else None)
    added = OwnRoutes(declared.app, lifecycle)
    frame = _frame(declared, lifecycle, page or MetricsApp(registry), added)
    return App(frame, lifecycle, metrics, template=added.template)


def _frame(declared: Definition, lifecycle: Lifecycle, page: ASGIApp, added: OwnRoutes) -> FastAPI:
    frame = FastAPI(
        title=declared.name,
        version=declared.version,
        description=declared.summary,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # health checks are neither traced nor counted
        max_body_size=lifecycle.settings.max_body_bytes,
    )
    patch_fastapi(frame, swagger_ui_parameters={"tryItOutEnabled": True, "displayRequestDuration": True})
    # A proxy's word for scheme and client matters for the frame's links; endpoints need not pay for it.
    frame.add_middleware(ProxyHeadersMiddleware)
    _add_health(frame, lifecycle)
    _add_errors(frame, [endpoint.path for endpoint in declared.endpoints])
    for path in ("/metrics", "/metrics/reference"):
        frame.router.routes.append(Route(path, page, include_in_schema=False))
    if lifecycle.desk:
        lifecycle.desk.refuse_others([endpoint.path for endpoint in declared.endpoints])
        route = FeedbackRoute(lifecycle.desk, lifecycle.admit, lifecycle.first_labels)
        frame.router.routes.append(Route(PATH, route, methods=["POST"], include_in_schema=False))
    added.add(frame)
    frame.openapi = lambda: _openapi(frame, declared, added)  # type: ignore[method-assign]
    return frame


def _add_health(frame: FastAPI, lifecycle: Lifecycle) -> None:
    def described() -> dict[str, Any]:
        models = [{"name": model.name, "version": model.version} for model in lifecycle.models]
        declared = lifecycle.definition
        return {"status": lifecycle.state, "service": declared.name, "version": declared.version, "models": models}

    @frame.head("/livez", include_in_schema=False)
    @frame.get("/livez", tags=["health"], summary="The process lives")
    async def livez() -> dict[str, Any]:
        return {"status": "alive"}

    @frame.head("/healthz", include_in_schema=False)
    @frame.get("/healthz", tags=["health"], summary="What the service is doing")
    async def healthz() -> dict[str, Any]:
        return described()

    @frame.head("/readyz", include_in_schema=False)
    @frame.get("/readyz", tags=["health"], summary="Requests are welcome")
    async def readyz() -> dict[str, Any]:
        if (reason := lifecycle.reason) is not None:
            raise NotReady(reason, "ask again in a second")
        return described()


def _add_errors(frame: FastAPI, endpoints: list[str]) -> None:
    def answer(error: ServewatchError, extra: dict[str, str] | None = None) -> JSONResponse:
        given = {name.lower(): value for name, value in (extra or {}).items()}
        return JSONResponse(error.body(), error.status, {**error.headers, **given})

    @frame.exception_handler(ServewatchError)
    async def ours(request: Request, error: ServewatchError) -> JSONResponse:
        return answer(error)

    @frame.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        return answer(UnfitInput("; ".join(faults)))

    @frame.exception_handler(HTTPException)
    async def routing(request: Request, error: HTTPException) -> JSONResponse:
        asked = f"{request.method} {request.url.path}"
        shown: ServewatchError
        if error.status_code == 404 and error.detail == "Not Found":
            shown = NotFound(f"there is no {asked}", f"the endpoints are POST {', '.join(endpoints)}; /docs shows all")
        elif error.status_code == 405:
            shown = MethodNotAllowed(f"{asked} is not served", "/docs shows what is")
        else:
            shown = InvalidInput(str(error.detail))
            shown.status, shown.code = error.status_code, "http_error"
        return answer(shown, dict(error.headers or {}))


def _openapi(frame: FastAPI, declared: Definition, own: OwnRoutes) -> dict[str, Any]:
    if frame.openapi_schema is None:
        schema = get_openapi(
            title=frame.title, version=frame.version, description=frame.description, routes=frame.routes
        )
        paths, components = endpoint_paths(declared)
        labels = describe() if any(route.path == PATH for route in frame.routes if isinstance(route, Route)) else {}
        schema["paths"] = {**paths, **labels, **schema.get("paths", {})}
        schema.setdefault("components", {}).setdefault("schemas", {}).update(components)
        own.describe(schema)
        frame.openapi_schema = schema
    return frame.openapi_schema
