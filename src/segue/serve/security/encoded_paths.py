"""Ids in addresses: an id may contain any character, a slash too, and still be one segment.

A client sends it percent-encoded (``encodeURIComponent``). Servers decode a path before they look
for a route, which would make ``a%2Faudio``, the id of a track, the audio of the track ``a``. Here a
slash and a percent sign that were encoded stay so until the route is found.
"""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator
from starlette.types import ASGIApp, Receive, Scope, Send


class EncodedPathMiddleware:
    """Lets routes of the API see encoded slashes as encoded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its path decoded but for slashes and percent signs."""
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            raw = scope.get("raw_path")
            if raw and b"%" in raw:
                scope = {**scope, "path": _decoded(raw)}
        await self._app(scope, receive, send)


def _decoded(raw: bytes) -> str:
    """Return a path whose segments are decoded but for their own slashes and percent signs.

    >>> _decoded(b"/tracks/a%2Fb%25%20c/audio")
    '/tracks/a%2Fb%25 c/audio'
    """
    segments = raw.split(b"?")[0].decode("latin-1").split("/")
    return "/".join(
        unquote(segment).replace("%", "%25").replace("/", "%2F") for segment in segments
    )


unquoted = AfterValidator(unquote)
"""Marks a segment of a path that may have encoded slashes in it."""

TrackId = Annotated[
    str,
    Path(
        description="Id of a track, percent-encoded: a slash in it is %2F.",
        max_length=4_000,
        examples=["starter-001"],
    ),
    unquoted,
]
