"""Accounts: made, changed, and logged in to.

As long as there are no accounts, whoever reaches the server is anybody; see `segue.serve`. With
accounts, a listener logs in with a name and a password.

Passwords are kept as argon2 hashes, with the parameters that argon2-cffi holds right for today; an
older hash is replaced when its password is next at hand. A log-in costs the same whether the name
is known or not, and says the same. Names and addresses that were wrong too often have to wait, the
right password too: it does not show itself meanwhile.
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

LONGEST_NAME = 200
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 1024
LIMITS = TryLimits()

_UNFIT = {"Cc", "Cs", "Zl", "Zp"}  # control characters, halves of characters, ends of lines
_DIRECTIONS = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HASHING = threading.BoundedSemaphore(2)
"""A hash takes 64 MiB while it is made: so many at once in a process, whoever asks."""


def check_name(name: str) -> str:
    """Return a listener's name as it is, if it can be one.

    Raises
    ------
    AccountError
        If it is empty, longer than 200 characters, begins or ends with a space, or holds control
        characters or such that turn the direction of writing.

    Examples
    --------
    >>> check_name("Anna Blume")
    'Anna Blume'
    """
    if not 1 <= len(name) <= LONGEST_NAME:
        raise AccountError(
            f"A name of {len(name)} characters: it must have from 1 to {LONGEST_NAME}."
        )
    if name != name.strip():
        raise AccountError(f"The name {name!r} begins or ends with a space: leave that out.")
    if any(unicodedata.category(letter) in _UNFIT or letter in _DIRECTIONS for letter in name):
        raise AccountError(f"The name {name!r} holds control characters: leave them out.")
    return name


def check_password(password: str) -> str:
    """Return a password as it is, if it can be one.

    Raises
    ------
    AccountError
        If it has fewer than 8 or more than 1024 characters, or is no text.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(
            f"A password of {len(password)} characters: it must have from {SHORTEST_PASSWORD} to"
            f" {LONGEST_PASSWORD}; three or four words do well."
        )
    if any(unicodedata.category(letter) == "Cs" for letter in password):
        raise AccountError("The password is no text that this terminal's encoding can tell.")
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
    """Make an account; its listens are those of the listener of that name.

    Raises
    ------
    AccountError
        If name or password cannot be used, or the name has an account.
    """
    check_name(name)
    hashed = _hash(check_password(password))
    account = Account(name=name, admin=admin, shares_taste=shares_taste, created=time.time())
    if not library.accounts.add(account, hashed):
        raise AccountError(
            f"There is an account {name!r} already: segue user password sets its password."
        )
    library.audit.note("account added", by, detail=f"{name}{', admin' if admin else ''}")
    return account


def remove_account(library: Library, name: str, *, by: str | None = None) -> None:
    """Remove an account with its sessions and keys; what the listener heard is kept.

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
    """Set a password; all sessions of the account end, but that of the token to `keep`.

    API keys and the player password stay: they are taken back one by one.

    Raises
    ------
    AccountError
        If the password cannot be used.
    UnknownAccountError
        If there is no such account.
    """
    hashed = _hash(check_password(password))
    if not library.accounts.set_password_hash(name, hashed):
        raise _unknown(library, name)
    closed = library.accounts.close_sessions(name, but=keep)
    library.audit.end_try(name)
    detail = f"{name}, {closed} sessions ended"
    library.audit.note("password set", by, address=address, detail=detail)


def log_in(library: Library, name: str, password: str, *, address: str | None = None) -> Account:
    """Return the account whose name and password these are.

    Parameters
    ----------
    address
        Where the log-in comes from, to count those that are wrong; networks of IPv6 count as one.

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
    """Do as `log_in`; return the hash that the password was found right by, too.

    Whether an account still has that hash tells whether its password was changed meanwhile.
    """
    check_may_try(library, name, address)
    with _HASHING:
        # before the password is looked at: of many at once, no more are looked at either
        wait = library.audit.begin_try(name, network(address), LIMITS)
        if wait:
            raise TooManyTriesError(wait)
        known = library.accounts.password_hash(name)
        nobodys = _nobodys_hash()
        right = _is_right(known or nobodys, password) and known is not None
        account = library.accounts.find(name)
        if not right or account is None:
            refuse(library, name, account, address)
        held = known or nobodys
        if _hasher().check_needs_rehash(held):
            newer = _hasher().hash(_normal(password))
            if library.accounts.set_password_hash(name, newer, before=held):
                held = newer
    library.audit.end_try(name)
    library.audit.note("log-in", name, address=address)
    return account, held


def sharing(library: Library, name: str | None) -> list[str]:
    """Return whom a listener may be blended with: all, or with accounts who shares their taste."""
    if not library.accounts.any():
        return library.listeners()
    return [one.name for one in library.accounts.all() if one.shares_taste or one.name == name]


# what log-ins of every kind share ----------------------------------------------------------------


def check_may_try(library: Library, tried: str, address: str | None) -> None:
    """Raise `TooManyTriesError` if what is `tried` or the address were wrong too often."""
    wait = library.audit.must_wait(tried, network(address), LIMITS)
    if wait:
        raise TooManyTriesError(wait)


def refuse(library: Library, tried: str, account: Account | None, address: str | None) -> NoReturn:
    """Write down that a try, which is counted already, was not right, and say so.

    `tried` is what it counts for: the name, or what stands for it.
    """
    # what was typed for a name that there is not may be a password
    who = account.name if account else None
    detail = None if account else "a name without an account"
    library.audit.note("log-in refused", who, address=address, detail=detail)
    wait = library.audit.must_wait(tried, network(address), LIMITS)
    if wait:
        detail = f"for {round(wait)} s"
        library.audit.note("log-ins stopped", who, address=address, detail=detail)
    raise WrongPasswordError("Wrong user name or password.")


def network(address: str | None) -> str | None:
    """Return what counts as one address: of IPv6 the network of 64 bits that a home is given.

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
def _nobodys_hash() -> str:
    """Return a hash to compare with where there is no account."""
    return _hasher().hash("nobody's password")


def _hash(password: str) -> str:
    with _HASHING:
        return _hasher().hash(_normal(password))


def _is_right(hashed: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    try:
        return _hasher().verify(hashed, _normal(password))
    except (VerificationError, InvalidHashError):
        return False


def _normal(password: str) -> bytes:
    """Return what is hashed: keyboards and systems write one letter in several ways."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _unknown(library: Library, name: str) -> UnknownAccountError:
    known = ", ".join(repr(account.name) for account in library.accounts.all()[:5])
    there = f"there are {known}" if known else "there are none yet"
    return UnknownAccountError(f"There is no account {name!r}: {there}.")
