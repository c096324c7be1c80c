"""Turn unexpected exceptions into problem responses and log them."""

import logging
import secrets

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.serve.problems import ProblemError, of_status
from segue.serve.security.host_origin import send_problem

_LOG = logging.getLogger("segue.serve")


class ErrorMiddleware:
    """Answer with a problem after an exception, or instead of a plain-text error of a framework.

    Each failure gets a number that is also in the log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and send a problem if that fails."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = replaced = False

        async def send_checked(message: Message) -> None:
            nonlocal started, replaced
            if message["type"] == "http.response.start":
                started = True
                problem = _plain_failure(message)
                if problem is not None:
                    replaced = True
                    await send_problem(problem, scope, send)
                    return
            if not replaced:
                await send(message)

        try:
            await self._app(scope, receive, send_checked)
        except ClientDisconnect:
            return  # the client has disconnected
        except Exception:
            number = secrets.token_hex(4)
            _LOG.exception("failure %s at %s %r", number, scope["method"], scope["path"])
            if started:
                raise
            detail = f"The server failed: see failure {number} in its log."
            await send_problem(ProblemError("internal", detail), scope, send)


def _plain_failure(message: Message) -> ProblemError | None:
    status: int = message["status"]
    headers = {name.lower(): value for name, value in message.get("headers", ())}
    if status < 400 or not headers.get(b"content-type", b"").startswith(b"text/plain"):
        return None
    kept = {
        name.decode(): headers[name].decode("latin-1")
        for name in (b"content-range", b"allow", b"retry-after")
        if name in headers
    }
    return of_status(status, kept)
