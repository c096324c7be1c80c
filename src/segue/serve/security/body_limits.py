"""Limit the size of request bodies and the time for receiving them, before they are parsed.

A request with a Content-Length above the limit is rejected without reading it. Other bodies are
counted while they arrive. All bodies that arrive at the same time share one limit; small bodies are
always accepted.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.serve.problems import ProblemError
from segue.serve.security.host_origin import send_problem
from segue.serve.settings import Settings

SMALL_BODY_BYTES: Final = 64 * 1024
"""Size up to which a body is always accepted."""
FILES = ("/api/v1/playlists/import", "/1/submit-listens")
"""Paths that receive files or many listens, with a higher limit."""
IMPORTS: Final = "/api/v1/me/imports"
"""Path that receives listening histories, which are written to the disk as they arrive."""


class BodyLimitMiddleware:
    """Reject bodies that are too large or arrive too slowly."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._free_bytes = settings.max_all_bodies_bytes
        self._free_import_bytes = settings.max_all_imports_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a body that is limited in size and time."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        settings = self._settings
        imports = scope["path"] == IMPORTS
        most = settings.max_file_bytes if scope["path"] in FILES else settings.max_body_bytes
        most = settings.max_import_bytes if imports else most
        seconds = settings.import_seconds if imports else settings.body_seconds
        take = self._take_import if imports else self._take
        stated = Headers(scope=scope).get("content-length", "0")
        if not stated.isdecimal() or int(stated[:20]) > most:
            kind = "too-large" if stated.isdecimal() else "bad-request"
            await send_problem(ProblemError(kind), scope, send)
            return
        body = _Body(receive, send, most, seconds, take)
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            take(-body.taken)
            if body.rejected is not None and not body.answered:
                await send_problem(body.rejected, scope, send)

    def _take_import(self, number: int) -> bool:
        """Count some bytes of a listening history; return the same for these."""
        self._free_import_bytes -= number
        return self._free_import_bytes >= 0

    def _take(self, number: int) -> bool:
        """Count some bytes; return whether all bodies together are within the limit."""
        self._free_bytes -= number
        return self._free_bytes >= 0


class _Body:
    """One body while it arrives. After it is `rejected` the application sees a disconnect."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        most: int,
        seconds: float,
        take: Callable[[int], bool],
    ) -> None:
        self._receive, self._send, self._most, self._take = receive, send, most, take
        self.taken = 0
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._whole = False
        self.rejected: ProblemError | None = None
        self.answered = False

    async def receive(self) -> Message:
        """Return the next part."""
        if self.rejected is not None:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self.rejected = ProblemError("too-slow")
            return {"type": "http.disconnect"}
        number = len(message.get("body", b""))
        self.taken += number
        has_space = self._take(number)
        if self.taken > self._most:
            self.rejected = ProblemError("too-large")
        elif self.taken > SMALL_BODY_BYTES and not has_space:
            detail = "The server is receiving too much data at once: try again."
            self.rejected = ProblemError("unavailable", detail, headers={"Retry-After": "5"})
        if self.rejected is not None:
            return {"type": "http.disconnect"}
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer, unless another was given in its place."""
        if self.rejected is None or self.answered:
            self.answered = True
            await self._send(message)
