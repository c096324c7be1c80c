"""Player passwords: logins of music players that use the Subsonic protocol.

Such a player sends ``t = md5(password + salt)`` and the salt with every request. To verify that,
the server must know the password itself; a hash is not enough. Therefore a listener never uses the
own password in a player: segue creates a random one of 99 bits, which is valid for the Subsonic API
only, can be shown again and revoked, and is stored in readable form. Whoever can read the database
can use the Subsonic API as that listener, but learns nothing about the login password. The protocol
lets an eavesdropper use a token again: use https, or a home network.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import NoReturn

from segue.errors import TooManyTriesError, WrongPasswordError
from segue.library import Account, Library
from segue.pipeline.accounts.login import LIMITS, find_account, network

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # without letters that look alike
_GROUPS, _IN_GROUP = 4, 5


def new_player_password(library: Library, name: str, *, by: str | None = None) -> str:
    """Create a player password for an account, which replaces the previous one; return it.

    Raises
    ------
    UnknownAccountError
        If there is no such account.
    """
    find_account(library, name)
    password = "-".join(
        "".join(secrets.choice(_LETTERS) for _ in range(_IN_GROUP)) for _ in range(_GROUPS)
    )
    library.accounts.set_player_password(name, password)
    library.audit.note("player password made", by or name, detail=name)
    return password


def player_password(library: Library, name: str) -> str | None:
    """Return an account's player password; None if it has none.

    Raises
    ------
    UnknownAccountError
        If there is no such account.
    """
    find_account(library, name)
    return library.accounts.player_password(name)


def revoke_player_password(library: Library, name: str, *, by: str | None = None) -> bool:
    """Revoke the player password of an account; return whether it had one.

    Raises
    ------
    UnknownAccountError
        If there is no such account.
    """
    had = find_account(library, name).plays
    library.accounts.set_player_password(name, None)
    library.audit.note("player password revoked", by or name, detail=name)
    return had


def verify_player(
    library: Library, name: str, token: str, salt: str, *, address: str | None = None
) -> Account:
    """Return the account of a name whose player password gives this token and salt.

    Raises
    ------
    WrongPasswordError
        If the token is wrong, or there is no such account or player password.
    TooManyTriesError
        If it is wrong, and the name or address failed too often before.
    """
    return _verify(
        library, name, address, lambda known: _matches(_token(known, salt), token.lower())
    )


def verify_player_password(
    library: Library, name: str, password: str, *, address: str | None = None
) -> Account:
    """Return the account of a name and player password, plain or as ``enc:`` and hex digits.

    Raises
    ------
    WrongPasswordError, TooManyTriesError
        As `verify_player` does.
    """
    plain = _decoded(password)
    return _verify(library, name, address, lambda known: _matches(known, plain))


def verify_player_digest(
    library: Library,
    name: str,
    code: str,
    digest: Callable[[str], str],
    *,
    address: str | None = None,
) -> Account:
    """Return the account of a name whose player password has a `digest` that is the given code.

    Raises
    ------
    WrongPasswordError, TooManyTriesError
        As `verify_player` does.
    """
    return _verify(library, name, address, lambda known: _matches(digest(known), code))


def _verify(
    library: Library, name: str, address: str | None, is_right: Callable[[str], bool]
) -> Account:
    known = library.accounts.player_password(name)
    # the same work if there is no player password
    right = is_right(known or "no password") and known is not None
    account = library.accounts.find(name)
    # the right password is accepted also after failures: its 99 random bits cannot be guessed
    if not right or account is None:
        _refuse(library, name, account, address)
    return account


def _refuse(library: Library, name: str, account: Account | None, address: str | None) -> NoReturn:
    """Count a wrong password, note it in the audit log, and raise an error.

    It is counted apart from logins, both for the name and for the address: players with an old
    password send it with every call, and must keep nobody out. The count limits the audit log.
    """
    wait = library.audit.begin_try(f"player\n{name}", f"player {network(address)}", LIMITS)
    if wait:
        raise TooManyTriesError(wait)
    # an unknown name is not logged: it may be a password typed in the wrong field
    who, detail = (account.name, "by a player") if account else (None, "a name without an account")
    library.audit.note("log-in refused", who, address=address, detail=detail)
    raise WrongPasswordError("Wrong user name or password.")


def _token(password: str, salt: str) -> str:
    salted = (password + salt).encode("utf-8", "surrogatepass")
    return hashlib.md5(salted, usedforsecurity=False).hexdigest()  # required by the protocol


def _matches(one: str, other: str) -> bool:
    first, second = (text.encode("utf-8", "surrogatepass") for text in (one, other))
    return hmac.compare_digest(first, second)


def _decoded(password: str) -> str:
    """Return the plain password from the form in which a player sends it.

    >>> _decoded("enc:736573616d65"), _decoded("sesame"), _decoded("enc:?")
    ('sesame', 'sesame', 'enc:?')
    """
    if password.startswith("enc:"):
        try:
            return bytes.fromhex(password[4:]).decode("utf-8")
        except ValueError:
            pass
    return password
