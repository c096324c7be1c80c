"""`/me/scrobblers`: approve programs that scrobble by the API of Last.fm."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from segue.pipeline.accounts.scrobbler_approval import (
    MAX_API_KEY,
    MAX_CALLBACK,
    approve_program,
)
from segue.serve import dependencies as deps
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, problems

router = APIRouter(prefix="/me/scrobblers", tags=["services"])


class ApproveRequest(StrictModel):
    """What a program has sent to `/api/auth`: a token, or the address that leads back to it."""

    api_key: Annotated[str, Field(min_length=1, max_length=MAX_API_KEY)]
    token: Annotated[str, Field(min_length=1, max_length=MAX_API_KEY)] | None = None
    callback: Annotated[str, Field(min_length=1, max_length=MAX_CALLBACK)] | None = None


class ApprovedResponse(BaseModel):
    """An approved program."""

    callback: str | None = Field(description="Address that leads back to the program.")


@router.post("", response_model=ApprovedResponse, responses=problems("no-session", "invalid"))
def approve(body: ApproveRequest, me: deps.Self, app_state: deps.State) -> Response:
    """Let a program scrobble for the current listener, and read what was played.

    An account without a player password gets one. The approval ends when that changes.
    """
    address = approve_program(app_state.library, me.name, body.api_key, body.token, body.callback)
    return json_response({"callback": address})
