"""`/feedback`: what listeners do. It is on disk before the answer says so."""

import time
from typing import Annotated, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from segue.library import Event, FeedbackKind
from segue.serve import dependencies as deps
from segue.serve.problems import ProblemError
from segue.serve.responses import answer
from segue.serve.schemas import StrictModel, TrackIdText, problems

router = APIRouter(tags=["feedback"])

_DAY = 86_400.0
_LONGEST_MS = 7 * _DAY * 1_000


class FeedbackEvent(StrictModel):
    """Something that the listener did with a track."""

    key: str = Field(
        min_length=1,
        max_length=200,
        description="Tells it from all others of the listener: sent again, it counts once.",
        examples=["0b6e3f6c-6f0e-4b52-8d3f-3b7a0c1c8a55"],
    )
    track_id: TrackIdText
    kind: FeedbackKind = Field(description="clear takes a like or dislike away.")
    at: float | None = Field(
        default=None, ge=0, description="Seconds since 1970; null is now.", examples=[1764547200.0]
    )
    ms_played: float | None = Field(default=None, ge=0, le=_LONGEST_MS)


class FeedbackRequest(StrictModel):
    """A batch of events: all are stored, or none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"events": [{"key": "1", "track_id": "starter-002", "kind": "like"}]}]
        }
    )

    events: Annotated[list[FeedbackEvent], Field(min_length=1, max_length=1_000)]


class StoredEvent(BaseModel):
    """What became of an event: a duplicate was stored before, and is not again."""

    key: str
    status: Literal["stored", "duplicate"]


class FeedbackResponse(BaseModel):
    """What became of a batch."""

    events: list[StoredEvent]
    version: str


@router.post("/feedback", response_model=FeedbackResponse, responses=problems("unknown-track"))
def give_feedback(wanted: FeedbackRequest, me: deps.Self, holding: deps.Holding) -> Response:
    """Take in what whoever asks did; it is on disk when this answers."""
    latest = time.time() + _DAY
    if any(each.at is not None and each.at > latest for each in wanted.events):
        raise ProblemError("invalid", "at is more than a day from now: check the clock.")
    new = holding.service.feedback(
        [
            Event(
                user=me.name,
                track_id=each.track_id,
                kind=each.kind,
                key=each.key,
                at=each.at,
                ms_played=each.ms_played,
            )
            for each in wanted.events
        ]
    )
    return answer(
        {
            "events": [
                {"key": each.key, "status": "stored" if is_new else "duplicate"}
                for each, is_new in zip(wanted.events, new, strict=True)
            ],
            "version": holding.service.version,
        }
    )
