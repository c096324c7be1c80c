"""Player passwords: how music players that speak Subsonic's protocol log in.

Such a player sends with every request ``t = md5(password + salt)`` and the salt. To check that, the
server must know the password itself; a hash of it is not enough. So a listener never uses the own
password there: segue makes a random one, of 99 bits, that opens nothing but the player's interface,
that can be shown again and taken back. It lies in the database as it is. Whoever can read the
database can listen as that listener, and learns nothing of the password that logs in. The protocol
lets whoever overhears a token use it again: serve players by https, or at home.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable

from segue.library import Account, Library
from segue.pipeline.accounts.login import LIMITS, check_may_try, find_account, network, refuse

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is taken for another
_GROUPS, _IN_GROUP = 4, 5


def new_player_password(library: Library, name: str, *, by: str | None = None) -> str:
    """Make a player password for an account, in the place of the one before; return it.

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
    """Take an account's player password back; return whether it had one.

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
    """Return the account whose player password gives this token with this salt.

    Raises
    ------
    WrongPasswordError
        If it does not, or there is no such account, or it has no player password.
    TooManyTriesError
        If name or address were wrong too often.
    """
    return _verify(
        library, name, address, lambda known: _matches(_token(known, salt), token.lower())
    )


def verify_player_password(
    library: Library, name: str, password: str, *, address: str | None = None
) -> Account:
    """Return the account whose player password this is, as it is or as ``enc:`` and hex digits.

    Raises
    ------
    WrongPasswordError, TooManyTriesError
        As `verify_player` does.
    """
    plain = _decoded(password)
    return _verify(library, name, address, lambda known: _matches(known, plain))


def _verify(
    library: Library, name: str, address: str | None, is_right: Callable[[str], bool]
) -> Account:
    # counted apart: a player that goes on with an old password keeps nobody from logging in
    tried = f"player\n{name}"
    check_may_try(library, tried, address)
    known = library.accounts.player_password(name)
    # the same work for a name without one
    right = is_right(known or "no password") and known is not None
    account = library.accounts.find(name)
    if not right or account is None:
        library.audit.begin_try(tried, network(address), LIMITS)
        refuse(library, tried, account, address)
    return account


def _token(password: str, salt: str) -> str:
    salted = (password + salt).encode("utf-8", "surrogatepass")
    return hashlib.md5(salted, usedforsecurity=False).hexdigest()  # the protocol's own choice


def _matches(one: str, other: str) -> bool:
    first, second = (text.encode("utf-8", "surrogatepass") for text in (one, other))
    return hmac.compare_digest(first, second)


def _decoded(password: str) -> str:
    """Return a password as a player sends it.

    >>> _decoded("enc:736573616d65"), _decoded("sesame"), _decoded("enc:?")
    ('sesame', 'sesame', 'enc:?')
    """
    if password.startswith("enc:"):
        try:
            return bytes.fromhex(password[4:]).decode("utf-8")
        except ValueError:
            pass
    return password
