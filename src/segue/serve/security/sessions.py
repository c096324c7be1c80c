"""Sessions of browsers and keys of programs: who asks is told by what only they can have.

Whoever has the cookie of a session is the listener. A page must also send what it was told with the
session, in the header X-CSRF-Token, with everything that is more than a question: another site can
make a browser send the cookie, but cannot read that.

Where a library has no accounts, anybody is whom they say, as long as only programs of this machine
reach the server, or it was started as open to all. If accounts come while it runs, that ends.
"""

from dataclasses import dataclass
from typing import Final, Literal

from fastapi import Response

from segue.library import Session
from segue.pipeline import accounts
from segue.pipeline import sessions as kept
from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.settings import Settings

COOKIE: Final = "segue_session"
HEADER: Final = "X-CSRF-Token"

Mode = Literal["open", "accounts"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `token` and `csrf` are of their session, where they have one.

    `unnoted` is a session of which it is not known well enough that it is in use.
    """

    mode: Mode
    listener: str | None = None
    admin: bool = False
    token: str | None = None
    csrf: str = ""
    unnoted: Session | None = None


def by_session(holding: Held, token: str | None) -> Principal:
    """Return who has the session of a token; somebody without a name where there is none."""
    session = kept.find_session(holding.library, token) if token else None
    if session is None or (session.account is None and _needs_account(holding.settings)):
        return Principal(mode_of(holding))
    account = session.account
    return Principal(
        mode="open" if account is None else "accounts",
        listener=session.listener,
        admin=session.listener is not None if account is None else account.admin,
        token=token,
        csrf=session.csrf,
        unnoted=None if kept.is_noted(session) else session,
    )


def note_use(holding: Held, principal: Principal) -> None:
    """Write down that the session of whoever asks is in use, where that is not known yet."""
    if principal.token is not None and principal.unnoted is not None:
        kept.note_use(holding.library, principal.token, principal.unnoted)


def by_key(holding: Held, key: str) -> Principal:
    """Return whose API key that is.

    Raises
    ------
    ProblemError
        If it is nobody's.
    """
    account = kept.find_key(holding.library, key)
    if account is None:
        raise ProblemError("no-session", "The API key is none of this library.")
    return Principal("accounts", account.name, account.admin)


def mode_of(holding: Held) -> Mode:
    """Return whether anybody may be whom they say."""
    if _needs_account(holding.settings) or holding.library.accounts.any():
        return "accounts"
    return "open"


def _needs_account(settings: Settings) -> bool:
    return settings.exposed and not settings.open_to_all


def log_in(holding: Held, listener: str, password: str | None, address: str | None) -> str:
    """Return the token of a new session of a listener.

    Raises
    ------
    ProblemError
        If there are accounts, and no password is given.
    AccountError
        If the user name or the password is wrong, was wrong too often, or the name is invalid.
    """
    library = holding.library
    if mode_of(holding) == "open":
        token, _ = kept.open_session(library, listener=listener)
    elif password is None:
        raise ProblemError("wrong-password", "This library has accounts: send a password, too.")
    else:
        account, right = accounts.verify(library, listener, password, address=address)
        token, _ = kept.open_session(library, account=account.name, password_hash=right)
    library.histories.welcome(listener)
    return token


def give(response: Response, token: str, settings: Settings) -> None:
    """Give a browser its session. When it ends is the library's to say."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(kept.LONGEST_SECONDS),
        httponly=True,
        samesite="strict",
        secure=settings.https,
    )


def take_back(response: Response, settings: Settings) -> None:
    """Let a browser forget its session."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=settings.https)
