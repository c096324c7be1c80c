"""Sessions and API keys: what stands for a listener after a log-in.

Both are 256 random bits, shown once and kept as digests. A session ends 30 days after it was last
used, 180 days after its log-in at the latest, and with its account's password. A key holds until it
is revoked.
"""

import secrets
import time
from typing import Final

from segue.errors import AccountError, UnknownAccountError, WrongPasswordError
from segue.library import Account, ApiKey, Library, Session
from segue.pipeline.accounts.login import check_name, find_account

UNUSED_SECONDS: Final = 30 * 86_400.0
LONGEST_SECONDS: Final = 180 * 86_400.0
_NOTED_SECONDS = 3_600.0
"""That something is in use is not written down more often."""


def open_session(
    library: Library,
    *,
    account: str | None = None,
    listener: str | None = None,
    password_hash: str | None = None,
) -> tuple[str, Session]:
    """Open a session; return its token, which is kept nowhere, and the session.

    Parameters
    ----------
    account
        Whose it is, after a log-in. Who logs in always gets another token than before.
    listener
        Where there are no accounts, who was picked; None as long as nobody is.
    password_hash
        By which the account's password was found right: see `segue.pipeline.accounts.login.verify`.

    Raises
    ------
    AccountError
        If the listener's name cannot be one, or a listener is picked where there are accounts.
    UnknownAccountError
        If there is no such account.
    WrongPasswordError
        If its password is another one by now.
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
        raise WrongPasswordError("The password was changed meanwhile: log in with the new one.")
    if not opened:
        raise UnknownAccountError(f"There is no account {account!r} to open a session for.")
    session = library.accounts.find_session(token)
    if session is None:
        raise AccountError("This library has accounts: log in with a name and a password.")
    return token, session


def find_session(library: Library, token: str) -> Session | None:
    """Return the session of a token; None where there is none. Nothing is written."""
    return library.accounts.find_session(token)


def is_noted(session: Session) -> bool:
    """Tell whether it is known well enough that a session is in use: see `note_use`."""
    return time.time() - session.used <= _NOTED_SECONDS


def note_use(library: Library, token: str, session: Session) -> None:
    """Write down that a session is in use, so that it goes on."""
    expires = min(time.time() + UNUSED_SECONDS, session.created + LONGEST_SECONDS)
    library.accounts.use_session(token, expires)


def close_session(library: Library, token: str) -> bool:
    """End a session; return whether there was one."""
    return library.accounts.close_session(token)


def close_sessions(library: Library, name: str, *, but: str | None = None) -> int:
    """End all sessions of an account, `but` that of one token; return how many."""
    return library.accounts.close_sessions(name, but=but)


def create_key(library: Library, account: str, name: str, *, by: str | None = None) -> str:
    """Make an API key for an account under a name of its own; return it, for this once.

    Raises
    ------
    AccountError
        If the name cannot be one, or another key has it.
    UnknownAccountError
        If there is no such account.
    """
    find_account(library, account)
    check_name(name)
    key = f"segue-{secrets.token_urlsafe(32)}"
    if not library.accounts.add_key(account, name, key):
        raise AccountError(
            f"The account {account!r} has a key {name!r} already:"
            " revoke that, or give this another name."
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
    """Take a key back.

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
        there = f"it has {named}" if named else "it has none"
        raise AccountError(f"The account {account!r} has no key {name!r}: {there}.")
    library.audit.note("key revoked", by or account, detail=f"{account}: {name}")


def find_key(library: Library, key: str) -> Account | None:
    """Return whose API key this is, which is in use by that; None if it is nobody's."""
    found = library.accounts.find_key(key)
    if found is None:
        return None
    account, kept = found
    if kept.used is None or time.time() - kept.used > _NOTED_SECONDS:
        library.accounts.use_key(key)
    return account
