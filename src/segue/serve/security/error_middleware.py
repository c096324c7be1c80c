"""The edge at which what nobody foresaw ends: logged in full, told in one sentence."""

import logging
import secrets

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from segue.serve.problems import ProblemError, of_status
from segue.serve.security.host_origin import send_problem

_LOG = logging.getLogger("segue.serve")


class ErrorMiddleware:
    """Answers with a problem where the program fails, and where a framework answers in plain text.

    A failure gets a number by which the log can be searched.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and stand in for its answer if there is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = replaced = False

        async def watched(message: Message) -> None:
            nonlocal begun, replaced
            if message["type"] == "http.response.start":
                begun = True
                problem = _plain_failure(message)
                if problem is not None:
                    replaced = True
                    await send_problem(problem, scope, send)
                    return
            if not replaced:
                await send(message)

        try:
            await self._app(scope, receive, watched)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except Exception:
            number = secrets.token_hex(4)
            _LOG.exception("failure %s at %s %r", number, scope["method"], scope["path"])
            if begun:
                raise
            detail = f"The server failed; its log says why, at the number {number}."
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
