"""Dependencies of the routes: the opened library, the principal, and permission checks.

They are coroutines, because FastAPI runs plain functions in threads, which would cost more than the
work itself. Reading a session from the database takes tens of microseconds and never waits for a
writer.
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

from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.security import sessions
from segue.serve.security.proxies import proxy_user
from segue.serve.security.sessions import Principal

if TYPE_CHECKING:
    from segue.serve.batching import BatchingExecutor

_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
_COOKIE = APIKeyCookie(
    name=sessions.COOKIE,
    scheme_name="session",
    auto_error=False,
    description="Set by `POST /session`. Methods other than GET also need the header"
    f" `{sessions.HEADER}`.",
)
_KEY = HTTPBearer(scheme_name="api-key", auto_error=False, description="An API key of an account.")


async def whole_state(request: Request) -> AppState:
    """Return the state of the application."""
    found: AppState = request.app.state.app_state
    return found


async def _raw_body(request: Request) -> bytes:
    return await request.body()


RawBody = Annotated[bytes, Depends(_raw_body)]
"""The body of a request. List it after the login check, which then comes first."""


WholeState = Annotated[AppState, Depends(whole_state)]
"""The state with all tracks, for routes that find out by themselves who asks.

They must answer with `AppState.for_listener`.
"""


MakeList = Callable[[Any], Awaitable[Response]]


async def _lists(request: Request) -> MakeList:
    executor: BatchingExecutor[Any, Response] = request.app.state.lists
    return executor.ask


Lists = Annotated[MakeList, Depends(_lists)]
"""Function that makes a recommendation list in a batch with others."""
Key = Annotated[HTTPAuthorizationCredentials | None, Security(_KEY)]


async def current_principal(
    request: Request,
    app_state: WholeState,
    cookie: Annotated[str | None, Security(_COOKIE)],
    key: Key,
) -> Principal:
    """Return the principal of a request.

    Raises
    ------
    ProblemError
        If the API key is unknown, or the CSRF token of the session is missing or wrong.
    """
    if key is not None:
        return await to_thread.run_sync(sessions.by_key, app_state, key.credentials)
    principal = sessions.by_session(app_state, cookie)
    named = proxy_user(request, app_state.settings)
    if named is not None and named != principal.listener:
        return Principal("accounts")  # a session of someone else, until GET /session opens another
    if principal.token is not None and request.method not in _SAFE_METHODS:
        sent = request.headers.get(sessions.HEADER, "")
        if not compare_digest(principal.csrf.encode(), sent.encode("utf-8", "replace")):
            raise ProblemError("csrf")
    if principal.stale_session is not None:
        await to_thread.run_sync(sessions.note_use, app_state, principal)
    return principal


Anyone = Annotated[Principal, Depends(current_principal)]


async def _visible_state(app_state: WholeState, principal: Anyone) -> AppState:
    return app_state.for_listener(principal.listener)


State = Annotated[AppState, Depends(_visible_state)]
"""The state without the tracks that are hidden from the account that sends the request."""
FOR_ANYONE: Final[dict[str, Any]] = {"security": [{}]}
"""Extra OpenAPI fields of routes that need no login."""


async def _visitor(principal: Anyone) -> Principal:
    if principal.mode == "accounts" and principal.listener is None:
        raise ProblemError("no-session")
    return principal


Visitor = Annotated[Principal, Depends(_visitor)]
"""A principal that may read the library: everyone where there are no accounts."""


@dataclass(frozen=True, slots=True)
class CurrentListener:
    """The listener who sends the request."""

    name: str
    admin: bool
    mode: sessions.Mode


async def _listener(principal: Anyone) -> CurrentListener:
    if principal.listener is None:
        raise ProblemError("no-session")
    return CurrentListener(principal.listener, principal.admin, principal.mode)


Self = Annotated[CurrentListener, Depends(_listener)]
"""The listener who sends the request; problem no-session if there is none."""


async def _admin(listener: Self) -> CurrentListener:
    if not listener.admin:
        raise ProblemError("forbidden", "Only an admin account may do this.")
    return listener


Admin = Annotated[CurrentListener, Depends(_admin)]


def requires_listener(dependant: Dependant) -> bool:
    """Return whether a route requires a listener."""
    return dependant.call is _listener or any(map(requires_listener, dependant.dependencies))
