"""Compress the JSON answers of the API for clients that accept it."""

from typing import Final

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_API: Final = "/api/"
_NOT_JSON: Final = ("/audio", "/covers/", "/events", "/map/")
"""Parts of the addresses of streams and of data that is compressed or dense."""
_MIN_BYTES: Final = 1_000
_LEVEL: Final = 4  # a list of 20 tracks in half a millisecond


class ApiCompressionMiddleware:
    """Compress answers of the API with gzip; streams and media are left as they are."""

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressed = GZipMiddleware(app, minimum_size=_MIN_BYTES, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        path: str = scope.get("path", "")
        is_json = path.startswith(_API) and not any(part in path for part in _NOT_JSON)
        await (self._compressed if is_json else self._plain)(scope, receive, send)
