"""Who asks, and what they may: dependencies of the routes."""

from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated, Final, Literal

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.security import sessions

Mode = Literal["open", "accounts"]

_QUESTIONS: Final = ("GET", "HEAD", "OPTIONS")
_COOKIE = APIKeyCookie(
    name=sessions.COOKIE,
    scheme_name="session",
    auto_error=False,
    description="What `POST /session` gives; with it, other methods than GET need the header"
    f" `{sessions.HEADER}`.",
)
_KEY = HTTPBearer(scheme_name="api-key", auto_error=False, description="An API key of an account.")


def held(request: Request) -> Held:
    """Return what this process holds open."""
    found: Held = request.app.state.held
    return found


Holding = Annotated[Held, Depends(held)]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks. `token` and `csrf` are of their session, where they have one."""

    mode: Mode
    listener: str | None = None
    admin: bool = False
    token: str | None = None
    csrf: str = ""


def asker_of(holding: Held, token: str | None) -> Asker:
    """Return who has the session of a token; somebody without a name where there is none."""
    session = sessions.find(holding, token) if token else None
    if session is None:
        return Asker("open")
    return Asker("open", session.listener, session.admin, token, session.csrf)


def who(
    request: Request,
    holding: Holding,
    cookie: Annotated[str | None, Security(_COOKIE)],
    key: Annotated[HTTPAuthorizationCredentials | None, Security(_KEY)],
) -> Asker:
    """Return who asks.

    Raises
    ------
    ProblemError
        If they bring a session or key that does not hold, or a session without its CSRF token.
    """
    if key is not None:
        raise ProblemError("no-session", "The API key is none of this library.")
    asker = asker_of(holding, cookie)
    if asker.token is not None and request.method not in _QUESTIONS:
        sent = request.headers.get(sessions.HEADER, "")
        if not compare_digest(asker.csrf.encode(), sent.encode("utf-8", "replace")):
            raise ProblemError("csrf")
    return asker


Anyone = Annotated[Asker, Depends(who)]


def _visitor(asker: Anyone) -> Asker:
    if asker.mode == "accounts" and asker.listener is None:
        raise ProblemError("no-session")
    return asker


Visitor = Annotated[Asker, Depends(_visitor)]
"""Whoever may look at the library: anybody where there are no accounts."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who is known by name."""

    name: str
    admin: bool
    mode: Mode


def _listener(asker: Anyone) -> Listener:
    if asker.listener is None:
        raise ProblemError("no-session")
    return Listener(asker.listener, asker.admin, asker.mode)


Self = Annotated[Listener, Depends(_listener)]
"""A listener, who asks about themselves."""


def _admin(listener: Self) -> Listener:
    if not listener.admin:
        raise ProblemError("forbidden", "Only an account that is admin may do this.")
    return listener


Admin = Annotated[Listener, Depends(_admin)]
