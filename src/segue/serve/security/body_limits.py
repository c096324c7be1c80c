"""How large a body may be, and how long it may take to come: decided before it is parsed.

A request that says itself how large it is need not be read to be refused. One that does not is
counted while it comes. All that come at the same time are counted together: small ones are always
taken, large ones only while there is room.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.serve.problems import ProblemError
from segue.serve.security.host_origin import send_problem
from segue.serve.settings import Settings

SMALL: Final = 64 * 1024
"""Bytes of a body for which there is always room."""
FILES = ("/api/v1/playlists/import", "/1/submit-listens")
"""Paths to which files or many listens are sent, which may be larger than other bodies."""


class BodyLimitMiddleware:
    """Refuses bodies that are too large, and gives up those that trickle in."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._room = settings.max_all_bodies_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; its body must be small enough, and there in time."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        settings = self._settings
        most = settings.max_file_bytes if scope["path"] in FILES else settings.max_body_bytes
        stated = Headers(scope=scope).get("content-length", "0")
        if not stated.isdecimal() or int(stated[:20]) > most:
            kind = "too-large" if stated.isdecimal() else "bad-request"
            await send_problem(ProblemError(kind), scope, send)
            return
        body = _Body(receive, send, most, settings.body_seconds, self._take)
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            self._room += body.taken
            if body.refused is not None and not body.answered:
                await send_problem(body.refused, scope, send)

    def _take(self, number: int) -> bool:
        """Take in some bytes; return whether there is room for more."""
        self._room -= number
        return self._room >= 0


class _Body:
    """One body while it comes. Once it is `refused` its sender is gone for the application."""

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
        self.refused: ProblemError | None = None
        self.answered = False

    async def receive(self) -> Message:
        """Give the next part."""
        if self.refused is not None:
            return {"type": "http.disconnect"}
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self.refused = ProblemError("too-slow")
            return {"type": "http.disconnect"}
        number = len(message.get("body", b""))
        self.taken += number
        has_room = self._take(number)
        if self.taken > self._most:
            self.refused = ProblemError("too-large")
        elif self.taken > SMALL and not has_room:
            detail = "Too much is sent to the server at once: try again."
            self.refused = ProblemError("unavailable", detail, headers={"Retry-After": "5"})
        if self.refused is not None:
            return {"type": "http.disconnect"}
        self._whole = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer, unless another was given in its place."""
        if self.refused is None or self.answered:
            self.answered = True
            await self._send(message)
