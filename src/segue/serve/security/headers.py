"""Add security headers to every response."""

from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

APIS: Final = (
    "/api/",
    "/rest/",
    "/1/",
    "/2.0",
    "/audioscrobbler",
    "/healthz",
    "/readyz",
    "/metrics",
)
"""Prefixes of the addresses of APIs."""

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
    " media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self';"
    " worker-src 'self'; frame-src 'self'; form-action 'self'; frame-ancestors 'none';"
    " base-uri 'none'"
)
"""The page may load its own files and connect to its own server only."""

ANSWER_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""API responses are data: a browser must not run anything in them."""

REPORT_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:;"
    " form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"
)
"""A report is one file that contains its styles and images, and no scripts."""

_COMMON: Final = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"x-permitted-cross-domain-policies": b"none",
}


class SecurityHeadersMiddleware:
    """Add headers to every response; headers that a route has set stay."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add headers to its response."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        data = scope["path"].startswith(APIS)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {
                    **message,
                    "headers": _completed(message.get("headers", ()), data=data),
                }
            await send(message)

        await self._app(scope, receive, with_headers)


def _completed(given: Sequence[tuple[bytes, bytes]], *, data: bool) -> list[tuple[bytes, bytes]]:
    headers = list(given)
    there = {name.lower() for name, _ in headers}
    policy = ANSWER_POLICY if data else PAGE_POLICY
    wanted = {
        **_COMMON,
        b"content-security-policy": policy.encode(),
        b"cache-control": b"no-store" if data else b"no-cache",
    }
    if b"content-security-policy" not in there:
        wanted[b"x-frame-options"] = b"DENY"
    headers += [(name, value) for name, value in wanted.items() if name not in there]
    return headers
