"""`/feedback`: store plays, skips, likes and ratings; the response follows the disk write."""

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from segue.library import Event, FeedbackKind
from segue.serve import dependencies as deps
from segue.serve.problems import ProblemError
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, TrackIdText, problems

router = APIRouter(tags=["feedback"])

_DAY = 86_400.0
_MAX_MS = 7 * _DAY * 1_000


class FeedbackEvent(StrictModel):
    """One action of the listener on a track."""

    key: str = Field(
        min_length=1,
        max_length=200,
        description="Unique key of the event for this listener: an event sent twice counts once.",
        examples=["0b6e3f6c-6f0e-4b52-8d3f-3b7a0c1c8a55"],
    )
    track_id: TrackIdText
    kind: FeedbackKind = Field(
        description="clear removes a like or dislike; undo removes an earlier play or skip."
    )
    at: float | None = Field(
        default=None,
        ge=0,
        description="Time of the action, in seconds since 1970; null means now.",
        examples=[1764547200.0],
    )
    ms_played: float | None = Field(default=None, ge=0, le=_MAX_MS)
    recommended: bool | None = Field(
        default=None,
        description="Whether the track came from a list, radio or playlist that segue made;"
        " null if unknown.",
    )
    private: bool = Field(
        default=False,
        description="Whether a play or skip stays in the history only: nothing learns from it.",
    )
    undoes: str | None = Field(
        default=None,
        min_length=1,
        max_length=200,
        description="Of an undo: key of the play or skip that it removes.",
    )


class FeedbackRequest(StrictModel):
    """A batch of events: all are stored, or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"events": [{"key": "1", "track_id": "starter-002", "kind": "like"}]}]
        }
    )

    events: Annotated[list[FeedbackEvent], Field(min_length=1, max_length=1_000)]


class StoredEvent(BaseModel):
    """Result for one event; duplicate means that it was stored before."""

    key: str
    status: Literal["stored", "duplicate"]


class FeedbackResponse(BaseModel):
    """Results for the events of a batch, and the new version of recommendations."""

    events: list[StoredEvent]
    version: str


@router.post("/feedback", response_model=FeedbackResponse, responses=problems("unknown-track"))
def give_feedback(body: FeedbackRequest, me: deps.Self, app_state: deps.State) -> Response:
    """Store feedback events. They are on disk before the response is sent."""
    latest = time.time() + _DAY
    if any(each.at is not None and each.at > latest for each in body.events):
        raise ProblemError("invalid", "at is more than a day in the future: check the clock.")
    if any(each.private and each.kind not in ("play", "skip") for each in body.events):
        raise ProblemError("invalid", "Only a play or skip can be private: leave private out.")
    if any((each.kind == "undo") != (each.undoes is not None) for each in body.events):
        raise ProblemError(
            "invalid", "undoes belongs to kind undo: give it there, and leave it out elsewhere."
        )
    new = app_state.service.feedback(
        [
            Event(
                user=me.name,
                track_id=each.track_id,
                kind=each.kind,
                key=each.key,
                at=each.at,
                ms_played=each.ms_played,
                recommended=each.recommended,
                private=each.private,
                undoes=each.undoes,
            )
            for each in body.events
        ]
    )
    return json_response(
        {
            "events": [
                {"key": each.key, "status": "stored" if is_new else "duplicate"}
                for each, is_new in zip(body.events, new, strict=True)
            ],
            "version": app_state.service.version,
        }
    )
