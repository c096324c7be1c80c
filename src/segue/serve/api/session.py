"""`/session`: who one is, logging in and out."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from segue.pipeline import accounts
from segue.pipeline.sessions import close_session
from segue.serve import dependencies as deps
from segue.serve.held import Held
from segue.serve.responses import answer
from segue.serve.schemas import Asked, problems
from segue.serve.security import sessions

router = APIRouter(prefix="/session", tags=["session"])
_LONGEST_NAME = 200


class LogIn(Asked):
    """Who wants to be whom."""

    listener: str = Field(
        min_length=1,
        max_length=_LONGEST_NAME,
        description="Without control characters, or spaces around it.",
        examples=["anna"],
    )
    password: str | None = Field(default=None, min_length=1, max_length=accounts.LONGEST_PASSWORD)


class Counts(BaseModel):
    """What the library holds."""

    tracks: int
    listens: int
    listeners: int


class SessionDocument(BaseModel):
    """Who asks, and what they may."""

    mode: sessions.Mode = Field(
        description="open: anybody picks a listener; accounts: by password."
    )
    listener: str | None
    admin: bool
    csrf: str = Field(description="For the header X-CSRF-Token; empty where nobody is logged in.")
    library: Counts


@router.get("", response_model=SessionDocument, openapi_extra=deps.FOR_ANYONE)
def get_session(asker: deps.Anyone, holding: deps.Holding) -> Response:
    """Tell who asks."""
    return answer(_document(holding, asker))


@router.post("", response_model=SessionDocument, responses=problems("wrong-password", "too-many"))
def log_in(wanted: LogIn, request: Request, holding: deps.Holding) -> Response:
    """Become a listener: by password where there are accounts, by name where there are none."""
    token = sessions.log_in(holding, wanted.listener, wanted.password, _address(request))
    old = request.cookies.get(sessions.COOKIE)
    if old:
        close_session(holding.library, old)
    response = answer(_document(holding, sessions.by_session(holding, token)))
    sessions.give(response, token, holding.settings)
    return response


@router.delete("", status_code=204, response_class=Response, openapi_extra=deps.FOR_ANYONE)
def log_out(request: Request, holding: deps.Holding, asker: deps.Anyone) -> Response:
    """End the session."""
    if asker.token is not None:
        close_session(holding.library, asker.token)
        if asker.mode == "accounts":
            address = _address(request)
            holding.library.audit.note("log-out", asker.listener, address=address)
    response = Response(status_code=204)
    sessions.take_back(response, holding.settings)
    return response


def _document(holding: Held, asker: sessions.Asker) -> dict[str, Any]:
    counts = holding.counts()
    seen = asker.mode == "open" or asker.listener is not None
    return {
        "mode": asker.mode,
        "listener": asker.listener,
        "admin": asker.admin,
        "csrf": asker.csrf,
        "library": {
            name: counts[name] if seen else 0 for name in ("tracks", "listens", "listeners")
        },
    }


def _address(request: Request) -> str | None:
    return request.client.host if request.client else None
