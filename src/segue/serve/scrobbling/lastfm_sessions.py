"""Sessions of the Last.fm API: how programs get them, and the signatures of their requests.

- `auth.getMobileSession` takes the player password.
- `auth.getToken` gives a token, the user approves it at ``/api/auth?api_key=..&token=..``, and
  `auth.getSession` exchanges it for a session: see `segue.pipeline.accounts.scrobbler_approval`.
  An API key of the account is taken as a token, too.
- A signature is checked where segue knows the secret: `api_key` is the name of the account, and its
  secret the player password. The secrets of programs that are registered at Last.fm are unknown to
  segue; the session alone is then what counts.

Source: last.fm/api, "Authentication", "Desktop", "Web".
"""

from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response

from segue.pipeline.accounts.player_passwords import verify_player_password
from segue.pipeline.accounts.scrobbler_approval import new_token, redeem_token
from segue.pipeline.accounts.scrobbler_sessions import (
    open_scrobbler_session,
    signature,
    verify_mobile_token,
)
from segue.serve.app_state import AppState
from segue.serve.scrobbling.lastfm_answers import (
    AUTHENTICATION_FAILED,
    EXPIRED_TOKEN,
    INVALID_PARAMETERS,
    INVALID_SIGNATURE,
    UNAUTHORIZED_TOKEN,
    LastfmError,
)
from segue.serve.scrobbling.scrobbled_tracks import open_listener
from segue.serve.security import sessions
from segue.serve.security.host_origin import APPROVAL_PATHS
from segue.serve.security.proxies import client_address

Parameters = Mapping[str, str]

router = APIRouter(include_in_schema=False)

_APPROVAL: Final = ("api_key", "token", "cb")
"""Parameters of the address that a program opens in a browser."""


def show_approval(request: Request) -> Response:
    """Lead to the part of the page on which a user approves a program.

    It logs in, and sends the approval to the API with the CSRF token of the session.
    """
    given = {name: request.query_params[name] for name in _APPROVAL if name in request.query_params}
    address = f"/#/approve?{urlencode(given, quote_via=quote)}"  # below the prefix: ProxyMiddleware
    return Response(status_code=303, headers={"Location": address, "Cache-Control": "no-store"})


for _path in APPROVAL_PATHS:
    router.add_api_route(_path, show_approval, methods=["GET", "HEAD"])


def _new_token(_: Request, app_state: AppState, given: Parameters) -> dict[str, Any]:
    return {"token": new_token(app_state.library, wanted_parameter(given, "api_key"))}


def _mobile_session(request: Request, app_state: AppState, given: Parameters) -> dict[str, Any]:
    name = wanted_parameter(given, "username")
    if open_listener(app_state, name) is None:
        library, address = app_state.library, client_address(request)
        if given.get("authToken"):
            verify_mobile_token(library, name, given["authToken"], address=address)
        else:
            password = wanted_parameter(given, "password")
            verify_player_password(library, name, password, address=address)
        check_signature(app_state, name, given)
    return _session(app_state, name)


def _session_of_token(_: Request, app_state: AppState, given: Parameters) -> dict[str, Any]:
    token = wanted_parameter(given, "token")
    name, state = redeem_token(app_state.library, given.get("api_key", ""), token)
    if name is None and state == "waiting":
        raise LastfmError(UNAUTHORIZED_TOKEN, "The token has not been approved yet.")
    if name is None and state == "expired":
        raise LastfmError(EXPIRED_TOKEN, "The token has expired: ask for another one.")
    if name is None:
        name = open_listener(app_state, token) or sessions.listener_of_key(app_state, token)
    if name is None:
        raise LastfmError(
            AUTHENTICATION_FAILED,
            "The token is not valid: ask for one, or use an API key of this server.",
        )
    accounts = app_state.library.accounts
    if accounts.any() and accounts.player_password(name) is None:
        raise LastfmError(
            UNAUTHORIZED_TOKEN, "The account has no player password: create one first."
        )
    return _session(app_state, name)


def _session(app_state: AppState, name: str) -> dict[str, Any]:
    key = open_scrobbler_session(app_state.library, name)
    return {"session": {"name": name, "key": key, "subscriber": 0}}


def check_signature(app_state: AppState, name: str, given: Parameters) -> None:
    """Check the signature of a request, if the secret is the player password of a listener.

    Raises
    ------
    LastfmError
        If it is wrong.
    """
    if given.get("api_key") != name:
        return
    secret = app_state.library.accounts.player_password(name)
    sent = given.get("api_sig", "").lower().encode("utf-8", "replace")
    if secret is not None and not compare_digest(signature(given, secret).encode(), sent):
        raise LastfmError(
            INVALID_SIGNATURE, "Invalid signature: the secret of this key is the player password."
        )


def wanted_parameter(given: Parameters, name: str) -> str:
    """Return a parameter of a request.

    Raises
    ------
    LastfmError
        If it is missing or empty.
    """
    if not given.get(name, "").strip():
        raise LastfmError(INVALID_PARAMETERS, f"The parameter {name} is missing.")
    return given[name]


SessionMethod = Callable[[Request, AppState, Parameters], dict[str, Any]]

SESSION_METHODS: Final[Mapping[str, SessionMethod]] = {
    "auth.gettoken": _new_token,
    "auth.getmobilesession": _mobile_session,
    "auth.getsession": _session_of_token,
}
"""Methods that need no session, by their names in lower case."""
