"""`/playing-now`: the track that the page, or another client of the API, is playing."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from segue.pipeline.history.playback import PlaybackReport, record_playback
from segue.serve import dependencies as deps
from segue.serve.schemas import StrictModel, TrackIdText, problems
from segue.serve.subsonic.catalogue_view import catalogue_view

router = APIRouter(tags=["feedback"])

_DAY = 86_400.0


class PlayingNowRequest(StrictModel):
    """What a player of the listener does now."""

    track_id: TrackIdText
    state: Literal["playing", "paused", "stopped"]
    position: float = Field(
        default=0.0, ge=0, le=7 * _DAY, description="Position in the track, in seconds."
    )
    player: str = Field(
        default="segue",
        min_length=1,
        max_length=100,
        description="Name of the player: a listener may use several at the same time.",
    )


@router.post("/playing-now", status_code=204, responses=problems("unknown-track"))
def set_playing_now(body: PlayingNowRequest, me: deps.Self, app_state: deps.State) -> Response:
    """Show what the listener is playing now, also in connected services; it counts as no play."""
    catalogue = app_state.catalogue()
    track = catalogue.tracks[catalogue.position(body.track_id)]
    report = PlaybackReport(
        track_id=track.track_id, state=body.state, position=body.position, ignored=True
    )
    begins = record_playback(
        app_state.library,
        app_state.service.feedback,
        me.name,
        body.player,
        report,
        duration_of=catalogue_view(app_state).duration,
    )
    if begins:
        app_state.forwarder.announce(me.name, track)
    return Response(status_code=204)
