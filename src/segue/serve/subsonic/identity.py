"""Authenticate a client by the player password of an account, a token, or an API key.

A token is ``md5(password + salt)``, which an eavesdropper can use again without limit. Players
therefore have a password of their own, which is valid for nothing else; see
`segue.pipeline.accounts.player_passwords`. In a library without accounts a listener name is enough.
"""

import re
from dataclasses import replace
from typing import Final

from segue.errors import AccountError, TooManyTriesError, WrongPasswordError
from segue.pipeline.accounts.login import check_name
from segue.pipeline.accounts.player_passwords import verify_player, verify_player_password
from segue.serve.app_state import AppState
from segue.serve.problems import ProblemError
from segue.serve.security import sessions
from segue.serve.security.sessions import Principal
from segue.serve.subsonic.calls import Parameters, missing
from segue.serve.subsonic.responses import (
    CONFLICTING,
    GENERIC,
    OLD_CLIENT,
    OLD_SERVER,
    VERSION,
    WRONG_KEY,
    WRONG_PASSWORD,
    SubsonicError,
)

_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?")
_OURS: Final = tuple(map(int, VERSION.split(".")))
_WRONG = "Wrong username or password."


def check_version(parameters: Parameters) -> None:
    """Reject clients whose protocol version is not supported.

    Raises
    ------
    SubsonicError
        If the version is not supported, or the parameters c or v are missing.
    """
    for name in ("v", "c"):
        if not _one(parameters, name):
            raise missing(name)
    found = _VERSION.fullmatch(_one(parameters, "v") or "")
    if found is None:
        raise SubsonicError(GENERIC, "v is not a protocol version.")
    theirs = (int(found[1]), int(found[2]), int(found[3] or 0))
    if theirs[0] < _OURS[0]:
        raise SubsonicError(
            OLD_CLIENT, f"Upgrade the player: the server supports version {VERSION}."
        )
    if theirs[:2] > _OURS[:2]:
        raise SubsonicError(
            OLD_SERVER, f"The player needs a newer protocol: the server supports version {VERSION}."
        )


def caller(app_state: AppState, parameters: Parameters, address: str | None) -> Principal:
    """Return the principal of a call.

    Raises
    ------
    SubsonicError
        If credentials are missing, given in several ways, or wrong.
    """
    key, name, password, token, salt = (
        _one(parameters, each) for each in ("apiKey", "u", "p", "t", "s")
    )
    if key is not None:
        if any(one is not None for one in (name, password, token, salt)):
            raise SubsonicError(
                CONFLICTING, "Send either an API key or a name and password, not both."
            )
        return _by_key(app_state, key)
    if name is None:
        raise missing("u")
    mode = sessions.mode_of(app_state)
    if mode == "open":
        return _by_name(name)
    if password is not None and token is not None:
        raise SubsonicError(CONFLICTING, "Send either a password or a token, not both.")
    try:
        if token is not None and salt is not None:
            account = verify_player(app_state.library, name, token, salt, address=address)
        elif password is not None:
            account = verify_player_password(app_state.library, name, password, address=address)
        else:
            raise missing("s" if token is not None else "p, or t and s")
    except TooManyTriesError as error:
        wait = {"Retry-After": str(int(error.seconds) + 1)}
        raise SubsonicError(WRONG_PASSWORD, _WRONG, headers=wait) from None
    except WrongPasswordError:
        raise SubsonicError(WRONG_PASSWORD, _WRONG) from None
    return Principal("accounts", account.name, account.admin)


def _by_key(app_state: AppState, key: str) -> Principal:
    try:
        return sessions.by_key(app_state, key)
    except ProblemError:
        raise SubsonicError(WRONG_KEY, "Invalid API key.") from None


def _by_name(name: str) -> Principal:
    try:
        check_name(name)
    except AccountError:
        raise SubsonicError(WRONG_PASSWORD, _WRONG) from None
    return replace(Principal("open"), listener=name, admin=True)


def _one(parameters: Parameters, name: str) -> str | None:
    """Return a parameter for authentication, which must not have two different values.

    Raises
    ------
    SubsonicError
        If it has several values.
    """
    found = set(parameters.get(name, ()))
    if len(found) > 1:
        raise SubsonicError(CONFLICTING, f"{name} has several values: send one.")
    text = next(iter(found), None)
    if text is not None and len(text) > 4_000:
        raise SubsonicError(GENERIC, f"{name} is too long.")
    return text or None
