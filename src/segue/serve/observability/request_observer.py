"""Observe requests: count them, log them, trace them, and give each an id.

`RequestObserver` is the first middleware that sees a request, so that it also sees those which
others reject. `RouteRecorder` is the last one: only there the route of a request is known.
"""

import logging
import secrets
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final, Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.serve.logs import REQUEST_ID
from segue.serve.observability.server_metrics import ServerMetrics

_LOG: Final = logging.getLogger("segue.requests")
_KEY: Final = "segue.route"
_OTHER: Final = "other"
HEADER: Final = b"x-request-id"


class RequestSpan(Protocol):
    """The span of one request in a trace."""

    def end(self, route: str, status: int) -> None:
        """Set the route and the status of the response."""


class RequestTracer(Protocol):
    """Starts a span for each request."""

    def request(self, scope: Scope) -> AbstractContextManager[RequestSpan]:
        """Return a context with the span of a request."""


class RequestObserver:
    """Count, time, log and trace each request."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: ServerMetrics,
        tracer: RequestTracer | None = None,
    ) -> None:
        self._app, self._metrics, self._tracer = app, metrics, tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and observe its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._tracer is None:
            await self._observe(scope, receive, send)
        else:
            with self._tracer.request(scope) as span:
                span.end(*await self._observe(scope, receive, send))

    async def _observe(self, scope: Scope, receive: Receive, send: Send) -> tuple[str, int]:
        """Pass the request on; return the template of its route and the status."""
        request_id = secrets.token_hex(8)
        token = REQUEST_ID.set(request_id)
        scope[_KEY] = found = [_OTHER]
        began, status, seconds = time.perf_counter(), 500, 0.0

        async def send_observed(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], time.perf_counter() - began
                headers = [*message.get("headers", ()), (HEADER, request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            seconds = seconds or time.perf_counter() - began
            self._metrics.count_request(found[0], scope["method"], status, seconds)
            _log(scope["method"], found[0], status, seconds)
            REQUEST_ID.reset(token)
        return found[0], status


def _log(method: str, route: str, status: int, seconds: float) -> None:
    if _LOG.isEnabledFor(logging.INFO):
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(1_000 * seconds, 2),
        }
        _LOG.info("request", extra={"fields": fields})


class RouteRecorder:
    """Record the template of the route that a request was given to."""

    def __init__(self, app: ASGIApp, templates: Mapping[int, str]) -> None:
        self._app, self._templates = app, templates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and look up its route."""
        try:
            await self._app(scope, receive, send)
        finally:
            route = scope.get("route")
            if _KEY in scope:
                if route is not None:
                    scope[_KEY][0] = self._templates.get(id(route), _OTHER)
                elif scope.get("endpoint") is not None:
                    scope[_KEY][0] = "page"
