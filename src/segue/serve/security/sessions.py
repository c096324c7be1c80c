"""Identify the principal of a request by a session cookie or an API key.

The session cookie identifies the listener. Requests that change something must also send the CSRF
token of the session in the header X-CSRF-Token: another site can make a browser send the cookie,
but it cannot read the token.

Without accounts every client may choose its listener, as long as only programs on this machine can
reach the server, or it was started with --open-to-all. That ends when an account is added.
"""

import secrets
from dataclasses import dataclass
from typing import Final, Literal

from fastapi import Response

from segue.library import Session
from segue.pipeline.accounts import login
from segue.pipeline.accounts import sessions as kept
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.settings import Settings

COOKIE: Final = "segue_session"
HEADER: Final = "X-CSRF-Token"

Mode = Literal["open", "accounts"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The client of a request. `token` and `csrf` are those of its session, if it has one.

    `stale_session` is the session if its time of last use must be written again.
    """

    mode: Mode
    listener: str | None = None
    admin: bool = False
    token: str | None = None
    csrf: str = ""
    stale_session: Session | None = None


def by_session(app_state: AppState, token: str | None) -> Principal:
    """Return the principal of a session token; one without a listener if there is none."""
    session = kept.find_session(app_state.library, token) if token else None
    if session is None or (session.account is None and _needs_account(app_state.settings)):
        return Principal(mode_of(app_state))
    account = session.account
    return Principal(
        mode="open" if account is None else "accounts",
        listener=session.listener,
        admin=session.listener is not None if account is None else account.admin,
        token=token,
        csrf=session.csrf,
        stale_session=None if kept.is_use_recent(session) else session,
    )


def note_use(app_state: AppState, principal: Principal) -> None:
    """Write the time of last use of the session, if that is due."""
    if principal.token is not None and principal.stale_session is not None:
        kept.note_use(app_state.library, principal.token, principal.stale_session)


def by_key(app_state: AppState, key: str) -> Principal:
    """Return the principal of an API key.

    Raises
    ------
    ProblemError
        If the key is unknown.
    """
    account = kept.find_key(app_state.library, key)
    if account is None:
        raise ProblemError("no-session", "The API key is not valid for this library.")
    return Principal("accounts", account.name, account.admin)


def listener_of_key(app_state: AppState, key: str) -> str | None:
    """Return the listener of an API key; None if the key is unknown."""
    account = kept.find_key(app_state.library, key)
    return None if account is None else account.name


def mode_of(app_state: AppState) -> Mode:
    """Return whether clients choose their listener or log in with a password."""
    if _needs_account(app_state.settings) or app_state.library.accounts.any():
        return "accounts"
    return "open"


def _needs_account(settings: Settings) -> bool:
    return settings.exposed and not settings.open_to_all


def log_in(app_state: AppState, listener: str, password: str | None, address: str | None) -> str:
    """Return the token of a new session of a listener.

    Raises
    ------
    ProblemError
        If there are accounts and no password is given.
    AccountError
        If the user name or the password is wrong, was wrong too often, or the name is invalid.
    """
    library = app_state.library
    if mode_of(app_state) == "open":
        token, _ = kept.open_session(library, listener=listener)
    elif password is None:
        raise ProblemError("wrong-password", "This library has accounts: send a password as well.")
    else:
        account, right = login.verify(library, listener, password, address=address)
        token, _ = kept.open_session(library, account=account.name, password_hash=right)
    library.histories.welcome(listener)
    return token


def open_for(app_state: AppState, name: str, *, by: str, address: str | None) -> str:
    """Return the token of a new session of a person whom a proxy or a provider has identified.

    Raises
    ------
    ProblemError
        If there is no account of this name, and none may be created.
    AccountError
        If an account must be created, and the name is invalid.
    """
    library, detail = app_state.library, None
    if library.accounts.find(name) is None:
        if not app_state.settings.create_accounts:
            raise ProblemError(
                "forbidden",
                f"There is no account {name!r}: its administrator can add one, or start the server"
                " with --create-accounts.",
            )
        login.add_account(library, name, secrets.token_urlsafe(32), by=by)
        detail = "new account"
    token, _ = kept.open_session(library, account=name)
    library.audit.note(f"log-in by {by}", name, address=address, detail=detail)
    library.histories.welcome(name)
    return token


def set_cookie(response: Response, token: str, settings: Settings) -> None:
    """Set the session cookie. The library decides when the session ends."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(kept.MAX_SECONDS),
        httponly=True,
        samesite="strict",
        secure=settings.https,
        path=settings.root_path or "/",
    )


def delete_cookie(response: Response, settings: Settings) -> None:
    """Delete the session cookie."""
    response.delete_cookie(
        COOKIE,
        httponly=True,
        samesite="strict",
        secure=settings.https,
        path=settings.root_path or "/",
    )


def visible_counts(app_state: AppState, principal: Principal) -> dict[str, int]:
    """Return the counts of the library that a principal may see.

    Accounts see their own listens only: the numbers of all would tell when others listen.
    """
    counts = app_state.counts()
    if principal.mode != "accounts" or principal.admin:
        return counts
    me = principal.listener or ""
    own = {"listens": app_state.library.n_listens(me), "plays": app_state.library.n_plays(me)}
    return {**counts, **own, "listeners": 1, "unmatched": 0}
