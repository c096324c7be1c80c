"""Log-ins of scrobblers that use the protocols of Audioscrobbler and Last.fm, and their sessions.

Both protocols prove a password by digests, as the Subsonic protocol does, so they take the player
password (see `segue.pipeline.accounts.player_passwords`). A session is a text that only the server
can make: the name, and a code of it that the player password is the key of. It is valid for these
protocols alone, and until the player password changes; nothing about it is stored.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping

from segue.library import Account, Library
from segue.pipeline.accounts.player_passwords import verify_player_digest

_UNSIGNED = ("api_sig", "format", "callback")


def verify_handshake(
    library: Library, name: str, code: str, timestamp: str, *, address: str | None = None
) -> Account:
    """Return the account of an Audioscrobbler handshake, ``md5(md5(password) + timestamp)``.

    Raises
    ------
    WrongPasswordError, TooManyTriesError
        As `verify_player_digest` does.
    """

    def digest(password: str) -> str:
        return _md5(_md5(password) + timestamp)

    return verify_player_digest(library, name, code.lower(), digest, address=address)


def verify_mobile_token(
    library: Library, name: str, code: str, *, address: str | None = None
) -> Account:
    """Return the account of a Last.fm `authToken`, ``md5(lower case name + md5(password))``.

    Raises
    ------
    WrongPasswordError, TooManyTriesError
        As `verify_player_digest` does.
    """

    def digest(password: str) -> str:
        return _md5(name.lower() + _md5(password))

    return verify_player_digest(library, name, code.lower(), digest, address=address)


def signature(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of a request to Last.fm.

    >>> signature({"method": "auth.getToken", "format": "json"}, "s") == _md5(
    ...     "methodauth.getTokens"
    ... )
    True
    """
    signed = "".join(
        f"{name}{parameters[name]}" for name in sorted(parameters) if name not in _UNSIGNED
    )
    return _md5(signed + secret)


def open_scrobbler_session(library: Library, name: str) -> str:
    """Return the session of a listener, who has proved a password."""
    named = base64.urlsafe_b64encode(name.encode("utf-8", "surrogatepass")).decode().rstrip("=")
    return f"{named}.{_code(library, name)}"


def find_scrobbler_session(library: Library, session: str) -> str | None:
    """Return the listener of a session; None if it is not valid, or not any more."""
    named, _, code = session.partition(".")
    try:
        padded = named + "=" * (-len(named) % 4)
        name = base64.urlsafe_b64decode(padded).decode("utf-8", "surrogatepass")
    except ValueError:
        return None
    given = code.encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(_code(library, name).encode(), given):
        return None
    if library.accounts.any() and library.accounts.player_password(name) is None:
        return None
    return name


def _code(library: Library, name: str) -> str:
    """Return the code of a name; the one without a player password is for open libraries."""
    password = library.accounts.player_password(name) or ""
    key = f"scrobbler\x1f{library.library_id}\x1f{password}"
    text = name.encode("utf-8", "surrogatepass")
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()[:32]


def _md5(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return hashlib.md5(data, usedforsecurity=False).hexdigest()  # required by the protocols
