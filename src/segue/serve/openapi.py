"""Build the OpenAPI document: the one of FastAPI, completed."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from segue.serve.api import RESOURCES
from segue.serve.dependencies import requires_listener
from segue.serve.schemas import ProblemDetails

DESCRIPTION = """\
Search, play and rate the tracks of a music library, and get recommendations with explanations.

Log in with `POST /session`, and send its `csrf` as the header `X-CSRF-Token` with every request
other than GET. Programs send an API key instead, as `Authorization: Bearer KEY`. Lists are paged:
`next` is the `cursor` of the next page. Errors are problem details (RFC 9457).
"""


def openapi_of(app: FastAPI, root_path: str = "") -> dict[str, Any]:
    """Return the OpenAPI document of an application below a path prefix, built once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=DESCRIPTION,
            routes=app.routes,
            servers=[{"url": root_path}] if root_path else None,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        made = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**made.pop("$defs", {}), "ProblemDetails": made}
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        _mark_optional_login(document)
        app.openapi_schema = document
    return app.openapi_schema


def _mark_optional_login(document: dict[str, Any]) -> None:
    """Mark operations that require no listener as usable without a session or key."""
    named = {
        route.operation_id or route.name
        for resource in RESOURCES
        for route in resource.router.routes
        if isinstance(route, APIRoute) and requires_listener(route.dependant)
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            if operation["operationId"] not in named and "security" in operation:
                operation["security"] = [{}, *operation["security"]]
