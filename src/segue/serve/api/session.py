"""`/session`: log in, log out, and show the current listener."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline.accounts import login
from segue.pipeline.accounts.sessions import close_session
from segue.serve import dependencies as deps
from segue.serve.app_state import AppState
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems
from segue.serve.security import sessions
from segue.serve.security.proxies import client_address, proxy_user

router = APIRouter(prefix="/session", tags=["session"])
_MAX_NAME = 200


class LogInRequest(StrictModel):
    """Listener and password to log in with."""

    listener: str = Field(
        min_length=1,
        max_length=_MAX_NAME,
        description="Name without control characters and without spaces around it.",
        examples=["anna"],
    )
    password: str | None = Field(default=None, min_length=1, max_length=login.MAX_PASSWORD_LENGTH)


class LibraryCounts(BaseModel):
    """Counts of the library."""

    tracks: int
    listens: int
    listeners: int


class SessionResponse(BaseModel):
    """The current listener and its permissions."""

    mode: sessions.Mode = Field(
        description="open: choose any listener; accounts: log in with a password."
    )
    listener: str | None
    admin: bool
    csrf: str = Field(description="Token for the header X-CSRF-Token; empty without a login.")
    single_sign_on: bool = Field(
        description="Whether `/oidc/login` logs in with the account of another server."
    )
    library: LibraryCounts


@router.get("", response_model=SessionResponse, openapi_extra=deps.FOR_ANYONE)
def get_session(request: Request, principal: deps.Anyone, app_state: deps.State) -> Response:
    """Show the current session; open one for the user whom a trusted proxy names."""
    named = proxy_user(request, app_state.settings)
    if named is None or principal.listener is not None:
        return json_response(session_document(app_state, principal))
    token = sessions.open_for(app_state, named, by="proxy", address=client_address(request))
    response = json_response(session_document(app_state, sessions.by_session(app_state, token)))
    sessions.set_cookie(response, token, app_state.settings)
    return response


@router.post("", response_model=SessionResponse, responses=problems("wrong-password", "too-many"))
def log_in(body: LogInRequest, request: Request, app_state: deps.WholeState) -> Response:
    """Log in: with a password if the library has accounts, else by name only."""
    token = sessions.log_in(app_state, body.listener, body.password, client_address(request))
    old = request.cookies.get(sessions.COOKIE)
    if old:
        close_session(app_state.library, old)
    response = json_response(session_document(app_state, sessions.by_session(app_state, token)))
    sessions.set_cookie(response, token, app_state.settings)
    return response


@router.delete("", status_code=204, response_class=Response, openapi_extra=deps.FOR_ANYONE)
def log_out(request: Request, app_state: deps.State, principal: deps.Anyone) -> Response:
    """Log out."""
    if principal.token is not None:
        close_session(app_state.library, principal.token)
        if principal.mode == "accounts":
            address = client_address(request)
            app_state.library.audit.note("log-out", principal.listener, address=address)
    response = Response(status_code=204)
    sessions.delete_cookie(response, app_state.settings)
    return response


def session_document(app_state: AppState, principal: sessions.Principal) -> dict[str, Any]:
    """Return the members of `SessionResponse` for a principal."""
    counts = sessions.visible_counts(app_state, principal)
    seen = principal.mode == "open" or principal.listener is not None
    return {
        "mode": principal.mode,
        "listener": principal.listener,
        "admin": principal.admin,
        "csrf": principal.csrf,
        "single_sign_on": bool(app_state.settings.oidc_issuer),
        "library": {
            name: counts[name] if seen else 0 for name in ("tracks", "listens", "listeners")
        },
    }
