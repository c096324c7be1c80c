"""`/session`: who one is, logging in and out."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline import accounts
from segue.pipeline.sessions import close_session
from segue.serve import dependencies as deps
from segue.serve.held import Held
from segue.serve.responses import answer
from segue.serve.schemas import StrictModel, problems
from segue.serve.security import sessions

router = APIRouter(prefix="/session", tags=["session"])
_LONGEST_NAME = 200


class LogInRequest(StrictModel):
    """Who wants to be whom."""

    listener: str = Field(
        min_length=1,
        max_length=_LONGEST_NAME,
        description="Without control characters, or spaces around it.",
        examples=["anna"],
    )
    password: str | None = Field(default=None, min_length=1, max_length=accounts.LONGEST_PASSWORD)


class LibraryCounts(BaseModel):
    """What the library holds."""

    tracks: int
    listens: int
    listeners: int


class SessionResponse(BaseModel):
    """Who asks, and what they may."""

    mode: sessions.Mode = Field(
        description="open: anybody picks a listener; accounts: by password."
    )
    listener: str | None
    admin: bool
    csrf: str = Field(description="For the header X-CSRF-Token; empty where nobody is logged in.")
    library: LibraryCounts


@router.get("", response_model=SessionResponse, openapi_extra=deps.FOR_ANYONE)
def get_session(principal: deps.Anyone, holding: deps.Holding) -> Response:
    """Tell who asks."""
    return answer(_document(holding, principal))


@router.post("", response_model=SessionResponse, responses=problems("wrong-password", "too-many"))
def log_in(wanted: LogInRequest, request: Request, holding: deps.Holding) -> Response:
    """Become a listener: by password where there are accounts, by name where there are none."""
    token = sessions.log_in(holding, wanted.listener, wanted.password, _address(request))
    old = request.cookies.get(sessions.COOKIE)
    if old:
        close_session(holding.library, old)
    response = answer(_document(holding, sessions.by_session(holding, token)))
    sessions.give(response, token, holding.settings)
    return response


@router.delete("", status_code=204, response_class=Response, openapi_extra=deps.FOR_ANYONE)
def log_out(request: Request, holding: deps.Holding, principal: deps.Anyone) -> Response:
    """End the session."""
    if principal.token is not None:
        close_session(holding.library, principal.token)
        if principal.mode == "accounts":
            address = _address(request)
            holding.library.audit.note("log-out", principal.listener, address=address)
    response = Response(status_code=204)
    sessions.take_back(response, holding.settings)
    return response


def _document(holding: Held, principal: sessions.Principal) -> dict[str, Any]:
    counts = holding.counts()
    seen = principal.mode == "open" or principal.listener is not None
    return {
        "mode": principal.mode,
        "listener": principal.listener,
        "admin": principal.admin,
        "csrf": principal.csrf,
        "library": {
            name: counts[name] if seen else 0 for name in ("tracks", "listens", "listeners")
        },
    }


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None
