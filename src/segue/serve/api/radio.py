"""`/radio`: what comes next, for ever. The server keeps nothing between two requests."""

from fastapi import APIRouter, Response
from pydantic import Field

from segue.engine import WINDOW
from segue.pipeline.radio import RADIO_DIALS, Radio
from segue.serve import dependencies as deps
from segue.serve.api.unsaved_playlists import UnsavedPlaylist, unsaved_playlist
from segue.serve.problems import ProblemError
from segue.serve.request_models import DialsRequest, ExclusionsRequest, Weights, invalid
from segue.serve.responses import answer
from segue.serve.schemas import StrictModel, TrackIdText, problems

router = APIRouter(tags=["playlists"])


class RadioRequest(StrictModel):
    """What to go on from: `recent` are the tracks that were played or wait, the latest last."""

    k: int = Field(default=10, ge=1, le=50)
    like: list[TrackIdText] = Field(default=[], max_length=1_000)
    dislike: list[TrackIdText] = Field(default=[], max_length=1_000)
    recent: list[TrackIdText] = Field(default=[], max_length=1_000)
    window: int = Field(
        default=WINDOW, ge=0, le=1_000, description="Tracks before one may come again."
    )
    weights: Weights = Field(default_factory=dict)
    dials: DialsRequest = Field(default_factory=DialsRequest)
    exclusions: ExclusionsRequest = Field(default_factory=ExclusionsRequest)


@router.post(
    "/radio",
    response_model=UnsavedPlaylist,
    responses=problems("unknown-track", "conflict", "not-trained", "empty-library"),
)
def go_on(wanted: RadioRequest, principal: deps.Visitor, holding: deps.Holding) -> Response:
    """Give the next tracks of a radio."""
    if principal.listener is None and not wanted.like:
        raise ProblemError("no-session", "Nobody to play for: choose a listener, or name a track.")
    state = holding.state()
    with invalid():
        dials = wanted.dials.made(RADIO_DIALS, wanted.weights)
        exclusions = wanted.exclusions.made()
    radio = Radio(
        state,
        principal.listener,
        like=wanted.like,
        dislike=wanted.dislike,
        dials=dials,
        exclusions=exclusions,
        window=wanted.window,
    )
    radio.played(wanted.recent)
    return answer(unsaved_playlist(holding, state, radio.take(wanted.k), principal.listener))
