"""Accounts: add, change, and verify passwords.

Without accounts every client may choose its listener; see `segue.serve`. With accounts, a listener
logs in with a name and a password.

Passwords are stored as argon2 hashes with the default parameters of argon2-cffi; an older hash is
replaced at the next login. A login takes the same time and gives the same error whether or not the
name exists. After too many failures a name or address must wait, even with the right password, so
that guessing reveals nothing meanwhile.
"""

import ipaddress
import threading
import time
import unicodedata
from functools import cache
from typing import NoReturn

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from segue.errors import (
    AccountError,
    TooManyTriesError,
    UnknownAccountError,
    WrongPasswordError,
)
from segue.library import Account, Library, TryLimits
from segue.text import plural

MAX_NAME_LENGTH = 200
MIN_PASSWORD_LENGTH, MAX_PASSWORD_LENGTH = 8, 1024
LIMITS = TryLimits()

_INVALID_CATEGORIES = {"Cc", "Cs", "Zl", "Zp"}  # control, surrogates, line ends
_DIRECTIONS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HASHING = threading.BoundedSemaphore(2)
"""Limits concurrent hashing in a process, since computing a hash takes 64 MiB."""


def check_name(name: str) -> str:
    """Return a listener name unchanged if it is valid.

    Raises
    ------
    AccountError
        If it is empty, longer than 200 characters, starts or ends with a space, or contains
        control characters or characters that change the writing direction.

    Examples
    --------
    >>> check_name("Anna Blume")
    'Anna Blume'
    """
    if not 1 <= len(name) <= MAX_NAME_LENGTH:
        raise AccountError(f"The name has {len(name)} characters: use 1 to {MAX_NAME_LENGTH}.")
    if name != name.strip():
        raise AccountError(f"The name {name!r} starts or ends with a space: remove it.")
    if any(
        unicodedata.category(letter) in _INVALID_CATEGORIES or letter in _DIRECTIONS
        for letter in name
    ):
        raise AccountError(f"The name {name!r} contains control characters: remove them.")
    return name


def check_password(password: str) -> str:
    """Return a password unchanged if it is valid.

    Raises
    ------
    AccountError
        If it has fewer than 8 or more than 1024 characters, or is not valid text.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise AccountError(
            f"The password has {len(password)} characters: use {MIN_PASSWORD_LENGTH} to"
            f" {MAX_PASSWORD_LENGTH}, for example three or four words."
        )
    if any(unicodedata.category(letter) == "Cs" for letter in password):
        raise AccountError(
            "The password contains characters outside the encoding of this terminal: use other"
            " characters, or set the terminal to UTF-8."
        )
    return password


def add_account(
    library: Library,
    name: str,
    password: str,
    *,
    admin: bool = False,
    shares_taste: bool = False,
    by: str | None = None,
) -> Account:
    """Add an account for the listener of that name.

    Raises
    ------
    AccountError
        If name or password is invalid, or the name already has an account.
    """
    check_name(name)
    hashed = hash_password(check_password(password))
    account = Account(name=name, admin=admin, shares_taste=shares_taste, created=time.time())
    if not library.accounts.add(account, hashed):
        raise AccountError(
            f"The account {name!r} exists already: set its password with segue user password."
        )
    library.audit.note("account added", by, detail=f"{name}{', admin' if admin else ''}")
    return account


def remove_account(library: Library, name: str, *, by: str | None = None) -> None:
    """Remove an account with its sessions and keys; the listening history is kept.

    Raises
    ------
    UnknownAccountError
        If there is no such account.
    """
    if not library.accounts.remove(name):
        raise _unknown(library, name)
    library.audit.note("account removed", by, detail=name)


def find_account(library: Library, name: str) -> Account:
    """Return an account.

    Raises
    ------
    UnknownAccountError
        If there is no such account.
    """
    found = library.accounts.find(name)
    if found is None:
        raise _unknown(library, name)
    return found


def set_password(
    library: Library,
    name: str,
    password: str,
    *,
    by: str | None = None,
    address: str | None = None,
    keep: str | None = None,
) -> None:
    """Set a password and end all sessions of the account, except that of the token `keep`.

    API keys and the player password stay valid; revoke them one by one.

    Raises
    ------
    AccountError
        If the password is invalid.
    UnknownAccountError
        If there is no such account.
    """
    hashed = hash_password(check_password(password))
    if not library.accounts.set_password_hash(name, hashed):
        raise _unknown(library, name)
    closed = library.accounts.close_sessions(name, but=keep)
    library.audit.end_try(name)
    detail = f"{name}, {plural(closed, 'session')} ended"
    library.audit.note("password set", by, address=address, detail=detail)


def log_in(library: Library, name: str, password: str, *, address: str | None = None) -> Account:
    """Return the account of a name and password.

    Parameters
    ----------
    address
        Address of the client, for which failures are counted; an IPv6 network counts as one.

    Raises
    ------
    WrongPasswordError
        If the user name or the password is wrong.
    TooManyTriesError
        If the name was wrong 5 times, or the address 20 times, within 15 minutes.
    """
    return verify(library, name, password, address=address)[0]


def verify(
    library: Library, name: str, password: str, *, address: str | None = None
) -> tuple[Account, str]:
    """Return the account of a name and password, and its password hash; raises as `log_in`.

    The password was changed meanwhile if the account no longer has that hash.
    """
    check_may_try(library, name, address)
    with _HASHING:
        # count the attempt before checking the password, so that parallel attempts are limited too
        wait = library.audit.begin_try(name, network(address), LIMITS)
        if wait:
            raise TooManyTriesError(wait)
        known = library.accounts.password_hash(name)
        dummy = _dummy_hash()
        right = _is_right(known or dummy, password) and known is not None
        account = library.accounts.find(name)
        if not right or account is None:
            refuse(library, name, account, address)
        held = known or dummy
        if _hasher().check_needs_rehash(held):
            newer = _hasher().hash(_normal(password))
            if library.accounts.set_password_hash(name, newer, before=held):
                held = newer
    library.audit.end_try(name)
    library.audit.note("log-in", name, address=address)
    return account, held


def sharing(library: Library, name: str | None) -> list[str]:
    """Return listeners for blend playlists: all, or with accounts those who share their taste."""
    if not library.accounts.any():
        return library.listeners()
    return [one.name for one in library.accounts.all() if one.shares_taste or one.name == name]


# shared by all kinds of logins -------------------------------------------------------------------


def check_may_try(library: Library, tried: str, address: str | None) -> None:
    """Raise `TooManyTriesError` if the name or address failed too often."""
    wait = library.audit.must_wait(tried, network(address), LIMITS)
    if wait:
        raise TooManyTriesError(wait)


def refuse(library: Library, tried: str, account: Account | None, address: str | None) -> NoReturn:
    """Log a failed login attempt, which is counted already, and raise an error.

    `tried` is the key for which it counts: the name, or a text derived from it.
    """
    # an unknown name is not logged: it may be a password typed in the wrong field
    who = account.name if account else None
    detail = None if account else "a name without an account"
    library.audit.note("log-in refused", who, address=address, detail=detail)
    wait = library.audit.must_wait(tried, network(address), LIMITS)
    if wait:
        detail = f"for {round(wait)} s"
        library.audit.note("log-ins stopped", who, address=address, detail=detail)
    raise WrongPasswordError("Wrong user name or password.")


def network(address: str | None) -> str | None:
    """Return an address, or for IPv6 its network of 64 bits, which one home has.

    >>> network("192.0.2.7"), network("2001:db8::7"), network("::ffff:192.0.2.7"), network("?")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7', '?')
    """
    try:
        known = ipaddress.ip_address(address or "")
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((int(known), 64), strict=False))
    return str(known)


def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _dummy_hash() -> str:
    """Return a hash to verify against if there is no account."""
    return _hasher().hash("dummy password")


def hash_password(password: str) -> str:
    """Return the argon2 hash of a password."""
    with _HASHING:
        return _hasher().hash(_normal(password))


def _is_right(hashed: str, password: str) -> bool:
    if len(password) > MAX_PASSWORD_LENGTH:
        return False
    try:
        return _hasher().verify(hashed, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> bytes:
    """Return a password in a normal form; keyboards encode some letters in several ways."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _unknown(library: Library, name: str) -> UnknownAccountError:
    known = ", ".join(repr(account.name) for account in library.accounts.all()[:5])
    there = f"choose from {known}" if known else "add it with segue user add"
    return UnknownAccountError(f"There is no account {name!r}: {there}.")
