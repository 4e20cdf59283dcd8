"""The OpenAPI description of a service's endpoints."""

from __future__ import annotations

from typing import Any

from serving.service import Definition, Endpoint

_ERROR = {
    "type": "object",
    "properties": {
        "error": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("code", "message", "help")},
            "required": ["code", "message", "help"],
        }
    },
    "required": ["error"],
}
_ERRORS = {
    "400": "The body cannot be read",
    "408": "The body did not come in time",
    "413": "The body is too large",
    "415": "The content type is not read here",
    "422": "The body is not what the endpoint takes",
    "500": "The service failed on this request",
    "503": "The queue is full, or the service is not ready; try again later",
    "504": "The answer was not ready within the time that the Request-Timeout header or the service gives",
}


def endpoint_paths(declared: Definition) -> tuple[dict[str, Any], dict[str, Any]]:
    """The paths of a service's endpoints, and the schemas that they refer to."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    paths = {endpoint.path: {"post": _operation(endpoint, schemas)} for endpoint in declared.endpoints}
    return paths, schemas


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = endpoint.summary.partition("\n")
    failed = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {
        "tags": ["endpoints"],
        "operationId": endpoint.name,
        "summary": summary or endpoint.name,
        "description": description.strip(),
        "parameters": [
            {"name": p.name, "in": "query", "required": p.required, "schema": p.schema()}
            for p in endpoint.signature.query
        ],
        "requestBody": {"required": True, "content": _lift(endpoint.signature.input.schema(), schemas)},
        "responses": {
            "200": {"description": "The answer", "content": _lift(endpoint.signature.answers(), schemas)},
            **{code: {"description": text, "content": failed} for code, text in _ERRORS.items()},
        },
    }


def _lift(content: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Move the definitions that pydantic nests in a schema to where its references point."""
    for media in content.values():
        schemas.update(media["schema"].pop("$defs", {}))
    return content
