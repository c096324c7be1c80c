"""`/playlists/.../export` and `/playlists/import`: export and import playlist files."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from segue.errors import DatasetError
from segue.pipeline.hidden_paths import hide_paths
from segue.pipeline.playlists import saved_playlists as saved
from segue.pipeline.playlists.playlist_files import read_playlist, write_playlist
from segue.serve import dependencies as deps
from segue.serve.api.playlists import PlaylistId
from segue.serve.api.tracks import track_items
from segue.serve.problems import ProblemError
from segue.serve.responses import attachment, json_response
from segue.serve.schemas import TrackItem, problems
from segue.serve.security.quotas import EXPENSIVE
from segue.sources.playlist_files import MEDIA_TYPES

router = APIRouter(prefix="/playlists", tags=["playlists"])
_MAX_UNMATCHED = 1_000


@router.get(
    "/{playlist}/export",
    response_class=Response,
    responses={
        200: {
            "description": "The playlist file.",
            "content": {media_type: {} for media_type in MEDIA_TYPES.values()},
        },
        **problems("unknown-playlist"),
    },
)
def export_playlist(
    playlist: PlaylistId,
    me: deps.Self,
    app_state: deps.State,
    format: Annotated[Literal["m3u8", "xspf", "jspf"], Query()] = "m3u8",  # noqa: A002
) -> Response:
    """Export a saved playlist as a file."""
    found = saved.find(app_state.library, me.name, playlist)
    catalogue = app_state.catalogue()
    known = catalogue.positions
    tracks = [each for each in found.tracks if each in known]
    data = write_playlist(catalogue, tracks, format, found.name, creator=me.name)
    return Response(
        data,
        media_type=MEDIA_TYPES[format],
        headers=attachment(found.name, f".{format}"),
    )


class ImportedPlaylistResponse(BaseModel):
    """The tracks of an imported playlist file."""

    name: str | None
    tracks: list[TrackItem]
    unmatched: list[str] = Field(description="Entries that match no track of the library.")
    n_unmatched: int
    problems: list[str]


@router.post(
    "/import",
    response_model=ImportedPlaylistResponse,
    responses=problems("unsupported-type", "too-many"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": "#EXTM3U\n#EXTINF:20,Segue Players - Flogging\nFlogging.flac\n",
                }
            },
        }
    },
)
def import_playlist(
    me: deps.Self,
    data: deps.RawBody,
    turn: Annotated[None, EXPENSIVE],  # noqa: ARG001  # after the body has arrived
    app_state: deps.State,
) -> Response:
    """Read a playlist file (M3U8, XSPF or JSPF, detected by content). Nothing is saved."""
    catalogue = app_state.catalogue()
    try:
        found = read_playlist(catalogue, data)
    except DatasetError as error:
        detail = hide_paths(str(error), *app_state.places())
        raise ProblemError("unsupported-type", detail) from None
    positions = [catalogue.positions[each] for each in found.tracks[: saved.MAX_TRACKS]]
    return json_response(
        {
            "name": found.name,
            "tracks": track_items(app_state, catalogue, positions, me.name),
            "unmatched": list(found.unmatched[:_MAX_UNMATCHED]),
            "n_unmatched": len(found.unmatched),
            "problems": list(found.problems),
        }
    )
