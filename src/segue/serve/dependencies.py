"""Who asks, and what they may: dependencies of the routes.

They are coroutines, which wait for nothing that takes long: FastAPI hands plain functions to
threads, and that would cost each request more than all they do. A session is read from the database
within tens of microseconds, and nobody who writes is waited for.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import TYPE_CHECKING, Annotated, Any, Final

from anyio import to_thread
from fastapi import Depends, Request, Response, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.security import sessions
from segue.serve.security.sessions import Principal

if TYPE_CHECKING:
    from segue.serve.batching import BatchingExecutor

_QUESTIONS: Final = ("GET", "HEAD", "OPTIONS")
_COOKIE = APIKeyCookie(
    name=sessions.COOKIE,
    scheme_name="session",
    auto_error=False,
    description="What `POST /session` gives; with it, other methods than GET need the header"
    f" `{sessions.HEADER}`.",
)
_KEY = HTTPBearer(scheme_name="api-key", auto_error=False, description="An API key of an account.")


async def held(request: Request) -> Held:
    """Return what this process holds open."""
    found: Held = request.app.state.held
    return found


Holding = Annotated[Held, Depends(held)]


AskForList = Callable[[Any], Awaitable[Response]]


async def _lists(request: Request) -> AskForList:
    desk: BatchingExecutor[Any, Response] = request.app.state.lists
    return desk.ask


Lists = Annotated[AskForList, Depends(_lists)]
"""Where lists are asked for."""
Key = Annotated[HTTPAuthorizationCredentials | None, Security(_KEY)]


async def who(
    request: Request,
    holding: Holding,
    cookie: Annotated[str | None, Security(_COOKIE)],
    key: Key,
) -> Principal:
    """Return who asks.

    Raises
    ------
    ProblemError
        If they bring a session or key that does not hold, or a session without its CSRF token.
    """
    if key is not None:
        return await to_thread.run_sync(sessions.by_key, holding, key.credentials)
    principal = sessions.by_session(holding, cookie)
    if principal.token is not None and request.method not in _QUESTIONS:
        sent = request.headers.get(sessions.HEADER, "")
        if not compare_digest(principal.csrf.encode(), sent.encode("utf-8", "replace")):
            raise ProblemError("csrf")
    if principal.unnoted is not None:
        await to_thread.run_sync(sessions.note_use, holding, principal)
    return principal


Anyone = Annotated[Principal, Depends(who)]
FOR_ANYONE: Final[dict[str, Any]] = {"security": [{}]}
"""For the document of what anybody is answered, known or not."""


async def _visitor(principal: Anyone) -> Principal:
    if principal.mode == "accounts" and principal.listener is None:
        raise ProblemError("no-session")
    return principal


Visitor = Annotated[Principal, Depends(_visitor)]
"""Whoever may look at the library: anybody where there are no accounts."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who is known by name."""

    name: str
    admin: bool
    mode: sessions.Mode


async def _listener(principal: Anyone) -> Listener:
    if principal.listener is None:
        raise ProblemError("no-session")
    return Listener(principal.listener, principal.admin, principal.mode)


Self = Annotated[Listener, Depends(_listener)]
"""A listener, who asks about themselves."""


async def _admin(listener: Self) -> Listener:
    if not listener.admin:
        raise ProblemError("forbidden", "Only an account that is admin may do this.")
    return listener


Admin = Annotated[Listener, Depends(_admin)]


def needs_a_name(dependant: Dependant) -> bool:
    """Return whether a route asks for somebody who is known by name."""
    return dependant.call is _listener or any(map(needs_a_name, dependant.dependencies))
