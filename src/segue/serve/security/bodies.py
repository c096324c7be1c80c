"""How long a body may take to come. How large it may be is the application's own limit."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.serve.problems import ProblemError
from segue.serve.security.hosts import send_problem


class PatientBodies:
    """Gives up requests whose bodies trickle in."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; its body must have come within the seconds."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        deadline = asyncio.get_running_loop().time() + self._seconds
        whole = late = begun = False

        async def in_time() -> Message:
            nonlocal whole, late
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                late = True
                return {"type": "http.disconnect"}
            whole = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        async def unless_late(message: Message) -> None:
            nonlocal begun
            if not late:
                begun = True
                await send(message)

        try:
            await self._app(scope, in_time, unless_late)
        finally:
            if late and not begun:
                await send_problem(ProblemError("too-slow"), scope, send)
