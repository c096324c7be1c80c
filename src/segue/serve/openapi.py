"""The OpenAPI document: what the framework finds, and what it cannot know."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from segue.serve.api import RESOURCES
from segue.serve.dependencies import needs_a_name
from segue.serve.schemas import ProblemDetails

DESCRIPTION = """\
A library of music, its listeners, and what to play next, with reasons.

Log in with `POST /session`; send its `csrf` as `X-CSRF-Token` with everything that is no GET.
Programs send an API key instead, as `Authorization: Bearer KEY`. Lists come in pages: `next` is the
`cursor` of the page after. What goes wrong is told as problem details (RFC 9457).
"""


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application; it is made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=DESCRIPTION,
            routes=app.routes,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        made = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= {**made.pop("$defs", {}), "ProblemDetails": made}
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        _let_in(document)
        app.openapi_schema = document
    return app.openapi_schema


def _let_in(document: dict[str, Any]) -> None:
    """Say of operations that need no name that they need no session or key: see `deps.Visitor`."""
    named = {
        route.operation_id or route.name
        for resource in RESOURCES
        for route in resource.router.routes
        if isinstance(route, APIRoute) and needs_a_name(route.dependant)
    }
    for methods in document["paths"].values():
        for operation in methods.values():
            if operation["operationId"] not in named and "security" in operation:
                operation["security"] = [{}, *operation["security"]]
