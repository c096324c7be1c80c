"""Approve programs that want to scrobble for a listener, as the web authentication of Last.fm does.

A program asks for a token, opens a page on which the listener approves it, and exchanges it for a
session of `segue.pipeline.accounts.scrobbler_sessions`. A token works once, and for an hour. The
page may also be opened without a token: the program gets one by the address to which the page
leads back.
"""

import re
import secrets
import time
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

from segue.errors import AccountError
from segue.library import Library
from segue.library.scrobbler_tokens import TokenState
from segue.pipeline.accounts.player_passwords import new_player_password

VALID_SECONDS: Final = 3_600.0
"""Time for which a token can be approved and used."""
MAX_API_KEY: Final = 200
MAX_CALLBACK: Final = 2_000
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_LOCAL_SCHEMES: Final = frozenset(
    ("about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source")
)
"""Schemes of addresses that a browser would run or read on the machine of the listener."""


def new_token(library: Library, api_key: str) -> str:
    """Return a new token for the program with an API key; nobody has approved it yet."""
    token = secrets.token_hex(16)
    expires = time.time() + VALID_SECONDS
    library.scrobbler_tokens.add(token, api_key[:MAX_API_KEY], expires=expires)
    return token


def approve_program(
    library: Library, listener: str, api_key: str, token: str | None, callback: str | None = None
) -> str | None:
    """Let a program scrobble for a listener; return the address that leads back to it, if any.

    An account without a player password gets one: the sessions of scrobblers end when it changes.

    Parameters
    ----------
    token
        The token of the program. None makes one, which is added to the `callback`.
    callback
        The address of the program, as it has given it.

    Raises
    ------
    AccountError
        If the token was used, has expired or belongs to another program, if the address cannot be
        used, or if both are missing.
    """
    key = api_key[:MAX_API_KEY]
    target = None if callback is None else _checked_callback(callback)
    if token is not None:
        if library.scrobbler_tokens.approve(token, key, listener) is not None:
            raise AccountError(
                "The request was used before or has expired: start it again in the program."
            )
        address = callback
    elif target is not None:
        token = secrets.token_hex(16)
        expires = time.time() + VALID_SECONDS
        library.scrobbler_tokens.add(token, key, expires=expires, listener=listener)
        query = "&".join(filter(None, (target.query, f"token={quote(token)}")))
        address = target._replace(query=query).geturl()
    else:
        raise AccountError("The program sent neither a token nor an address: start it again.")
    accounts = library.accounts
    if accounts.any() and accounts.player_password(listener) is None:
        new_player_password(library, listener)
    library.audit.note("scrobbler approved", listener)
    return address


def redeem_token(library: Library, api_key: str, token: str) -> tuple[str | None, TokenState]:
    """Return the listener who approved the token of a program, which cannot be used again.

    Without one, the second value says whether the token waits, has expired or is unknown.
    """
    return library.scrobbler_tokens.redeem(token, api_key[:MAX_API_KEY])


def _checked_callback(text: str) -> SplitResult:
    """Return the parts of an address to which the page may lead.

    Raises
    ------
    AccountError
        If it is none, or one that a browser would not open as a page or a program.
    """
    try:
        parts = urlsplit(text)
        valid = bool(_SCHEME.fullmatch(parts.scheme)) and parts.scheme not in _LOCAL_SCHEMES
        if parts.scheme in ("http", "https"):
            valid = valid and bool(parts.hostname) and parts.username is None
        _ = parts.port
    except ValueError:
        valid = False
    if not valid or not text.isprintable() or " " in text or len(text) > MAX_CALLBACK:
        raise AccountError("The program's address cannot be used: it must begin with https://.")
    return parts
