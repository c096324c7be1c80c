"""Route requests by their encoded path, so that an id in it may contain any character.

Clients percent-encode ids (``encodeURIComponent``). Servers decode a path before they look for a
route, which would turn ``a%2Faudio``, the id of a track, into the audio of the track ``a``. Here a
slash and a percent sign that were encoded stay encoded until the route is found.
"""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator
from starlette.types import ASGIApp, Receive, Scope, Send


class EncodedPathMiddleware:
    """Keep encoded slashes encoded in the paths that routes see."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a path that is decoded except for slashes and percent signs."""
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            raw = scope.get("raw_path")
            if raw and b"%" in raw:
                scope = {**scope, "path": _decoded(raw)}
        await self._app(scope, receive, send)


def _decoded(raw: bytes) -> str:
    """Return a path decoded except for slashes and percent signs inside segments.

    >>> _decoded(b"/tracks/a%2Fb%25%20c/audio")
    '/tracks/a%2Fb%25 c/audio'
    """
    segments = raw.split(b"?")[0].decode("latin-1").split("/")
    return "/".join(
        unquote(segment).replace("%", "%25").replace("/", "%2F") for segment in segments
    )


unquoted = AfterValidator(unquote)
"""Validator that decodes a path segment with encoded slashes."""

TrackId = Annotated[
    str,
    Path(
        description="Track id, percent-encoded: a slash in it is %2F.",
        max_length=4_000,
        examples=["starter-001"],
    ),
    unquoted,
]
