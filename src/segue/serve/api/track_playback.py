"""`/tracks/{id}/lyrics` and `/tracks/{id}/gain`: what a player shows and applies with a track."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from segue.errors import AudioError
from segue.pipeline.catalogue.lyrics import lyrics_of
from segue.pipeline.catalogue.track_gain import gain_of
from segue.serve import dependencies as deps
from segue.serve.responses import etag_json, json_response
from segue.serve.schemas import problems
from segue.serve.security.encoded_paths import TrackId

router = APIRouter(prefix="/tracks", tags=["tracks"])


class LyricsLineItem(BaseModel):
    """A line of lyrics."""

    start: float | None = Field(description="Start in seconds; null if times are unknown.")
    text: str


class LyricsResponse(BaseModel):
    """Lyrics of a track; `lines` is empty if there are none."""

    track: str
    synced: bool = Field(description="Whether every line has a start.")
    lines: list[LyricsLineItem]


class GainResponse(BaseModel):
    """Gains for equal loudness (ReplayGain 2.0); null if the track is not analyzed."""

    track: str
    track_gain_db: float | None = Field(description="By the loudness of the track.")
    album_gain_db: float | None = Field(description="By the loudness of its album.")


@router.get(
    "/{track_id}/lyrics", response_model=LyricsResponse, responses=problems("unknown-track")
)
def get_lyrics(
    track_id: TrackId,
    principal: deps.Visitor,  # noqa: ARG001  # checks permission
    app_state: deps.State,
) -> Response:
    """Show the lyrics of a track, with times where they are known."""
    catalogue = app_state.catalogue()
    track = catalogue.tracks[catalogue.position(track_id)]
    try:
        path = app_state.audio_path(track)
    except AudioError:
        path = None
    lines = lyrics_of(track, path)
    return json_response(
        {
            "track": track.track_id,
            "synced": bool(lines) and lines[0].start is not None,
            "lines": [{"start": line.start, "text": line.text} for line in lines],
        }
    )


@router.get("/{track_id}/gain", response_model=GainResponse, responses=problems("unknown-track"))
def get_gain(
    track_id: TrackId,
    request: Request,
    principal: deps.Visitor,  # noqa: ARG001  # checks permission
    app_state: deps.State,
) -> Response:
    """Show the gains at which a track is as loud as others, never above full scale."""
    catalogue = app_state.catalogue()
    position = catalogue.position(track_id)

    def make() -> dict[str, object]:
        gain = gain_of(catalogue, position)
        return {
            "track": catalogue.tracks[position].track_id,
            "track_gain_db": gain.track,
            "album_gain_db": gain.album,
        }

    return etag_json(request, (app_state.version(),), make)
