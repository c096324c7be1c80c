"""Sessions and API keys, which identify a listener after a login.

Both are 256 random bits, shown once and stored as digests. A session ends 30 days after its last
use, at the latest 180 days after the login, and when the password changes. A key is valid until it
is revoked.
"""

import secrets
import time
from typing import Final

from segue.errors import AccountError, UnknownAccountError, WrongPasswordError
from segue.library import Account, ApiKey, Library, Session
from segue.pipeline.accounts.login import check_name, find_account

UNUSED_SECONDS: Final = 30 * 86_400.0
MAX_SECONDS: Final = 180 * 86_400.0
_USE_UPDATE_SECONDS = 3_600.0
"""Shortest time between two updates of the time of last use."""


def open_session(
    library: Library,
    *,
    account: str | None = None,
    listener: str | None = None,
    password_hash: str | None = None,
) -> tuple[str, Session]:
    """Open a session; return its token, which is not stored, and the session.

    Parameters
    ----------
    account
        Account of the session, after a login.
    listener
        Chosen listener in a library without accounts; None before one is chosen.
    password_hash
        Hash against which the password was verified; see `segue.pipeline.accounts.login.verify`.

    Raises
    ------
    AccountError
        If the listener name is invalid, or a listener is chosen although there are accounts.
    UnknownAccountError
        If there is no such account.
    WrongPasswordError
        If the password was changed meanwhile.
    """
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    if account is None and listener is not None:
        check_name(listener)
    expires = time.time() + UNUSED_SECONDS
    opened = library.accounts.open_session(
        token,
        csrf,
        name=account,
        listener=None if account else listener,
        expires=expires,
        password_hash=password_hash,
    )
    if not opened and password_hash is not None:
        raise WrongPasswordError("The password has changed: log in with the new one.")
    if not opened:
        raise UnknownAccountError(f"There is no account {account!r} any more: log in with another.")
    session = library.accounts.find_session(token)
    if session is None:
        raise AccountError("This library has accounts: log in with a name and a password.")
    return token, session


def find_session(library: Library, token: str) -> Session | None:
    """Return the session of a token, None if there is none, without writing anything."""
    return library.accounts.find_session(token)


def is_use_recent(session: Session) -> bool:
    """Return whether the time of last use is recent enough; see `note_use`."""
    return time.time() - session.used <= _USE_UPDATE_SECONDS


def note_use(library: Library, token: str, session: Session) -> None:
    """Update the time of last use of a session, which extends it."""
    expires = min(time.time() + UNUSED_SECONDS, session.created + MAX_SECONDS)
    library.accounts.use_session(token, expires)


def close_session(library: Library, token: str) -> bool:
    """End a session; return whether there was one."""
    return library.accounts.close_session(token)


def close_sessions(library: Library, name: str, *, but: str | None = None) -> int:
    """End all sessions of an account, except that of the token `but`; return their number."""
    return library.accounts.close_sessions(name, but=but)


def create_key(library: Library, account: str, name: str, *, by: str | None = None) -> str:
    """Create an API key with a name; return the key, which is not stored.

    Raises
    ------
    AccountError
        If the name is invalid, or another key has it.
    UnknownAccountError
        If there is no such account.
    """
    find_account(library, account)
    check_name(name)
    key = f"segue-{secrets.token_urlsafe(32)}"
    if not library.accounts.add_key(account, name, key):
        raise AccountError(
            f"The account {account!r} already has a key {name!r}: revoke it, or choose another"
            f" name."
        )
    library.audit.note("key made", by or account, detail=f"{account}: {name}")
    return key


def list_keys(library: Library, account: str) -> list[ApiKey]:
    """Return the keys of an account, without the keys themselves.

    Raises
    ------
    UnknownAccountError
        If there is no such account.
    """
    find_account(library, account)
    return library.accounts.keys(account)


def revoke_key(library: Library, account: str, name: str, *, by: str | None = None) -> None:
    """Revoke an API key.

    Raises
    ------
    AccountError
        If the account has no such key.
    UnknownAccountError
        If there is no such account.
    """
    find_account(library, account)
    if not library.accounts.revoke_key(account, name):
        named = ", ".join(repr(key.name) for key in library.accounts.keys(account))
        there = f"choose from {named}" if named else "it has no keys"
        raise AccountError(f"The account {account!r} has no key {name!r}: {there}.")
    library.audit.note("key revoked", by or account, detail=f"{account}: {name}")


def find_key(library: Library, key: str) -> Account | None:
    """Return the account of an API key, None if there is none, and update its last use."""
    found = library.accounts.find_key(key)
    if found is None:
        return None
    account, kept = found
    if kept.used is None or time.time() - kept.used > _USE_UPDATE_SECONDS:
        library.accounts.use_key(key)
    return account
