"""`/radio`: the next tracks of an endless radio. The server keeps no state of it."""

from fastapi import APIRouter, Response
from pydantic import Field

from segue.pipeline.playlists.radio import RADIO_DIALS, RadioSession
from segue.serve import dependencies as deps
from segue.serve.api.unsaved_playlists import UnsavedPlaylist, unsaved_playlist
from segue.serve.problems import ProblemError
from segue.serve.request_models import DialsRequest, ExclusionsRequest, Weights, reject_value_errors
from segue.serve.responses import json_response
from segue.serve.schemas import StrictModel, TrackIdText, problems
from segue.serve.security.quotas import EXPENSIVE

router = APIRouter(tags=["playlists"])


class RadioRequest(StrictModel):
    """A radio; `recent` are the tracks that were played or are queued, latest last."""

    k: int = Field(default=10, ge=1, le=50)
    like: list[TrackIdText] = Field(default=[], max_length=1_000)
    dislike: list[TrackIdText] = Field(default=[], max_length=1_000)
    recent: list[TrackIdText] = Field(default=[], max_length=1_000)
    window: int | None = Field(
        default=None,
        ge=0,
        le=1_000,
        description="Number of other tracks before a track may be repeated; by default all.",
    )
    weights: Weights = Field(default_factory=dict)
    dials: DialsRequest = Field(default_factory=DialsRequest)
    exclusions: ExclusionsRequest = Field(default_factory=ExclusionsRequest)


@router.post(
    "/radio",
    response_model=UnsavedPlaylist,
    responses=problems("unknown-track", "conflict", "not-trained", "empty-library", "too-many"),
    dependencies=[EXPENSIVE],
)
def continue_radio(body: RadioRequest, principal: deps.Visitor, app_state: deps.State) -> Response:
    """Return the next tracks of a radio."""
    if principal.listener is None and not body.like:
        raise ProblemError(
            "no-session", "A radio needs a listener or a track: log in, or name tracks in like."
        )
    state = app_state.state()
    with reject_value_errors():
        dials = body.dials.build(RADIO_DIALS, body.weights)
        exclusions = body.exclusions.build()
    radio = RadioSession(
        state,
        principal.listener,
        like=body.like,
        dislike=body.dislike,
        dials=dials,
        exclusions=exclusions,
        window=body.window,
    )
    radio.played(body.recent)
    return json_response(unsaved_playlist(app_state, state, radio.take(body.k), principal.listener))
