"""`/playlists/.../export` and `/playlists/import`: playlists as files."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from segue.errors import DatasetError
from segue.pipeline import saved_playlists as saved
from segue.pipeline.hidden_paths import hide_paths
from segue.pipeline.playlist_files import read_playlist, write_playlist
from segue.serve import dependencies as deps
from segue.serve.api.playlists import PlaylistId
from segue.serve.api.tracks import documents
from segue.serve.problems import ProblemError
from segue.serve.responses import answer
from segue.serve.schemas import TrackItem, problems
from segue.sources.playlist_files import MEDIA_TYPES

router = APIRouter(prefix="/playlists", tags=["playlists"])
_MOST_UNMATCHED = 1_000


@router.get(
    "/{playlist}/export",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {media_type: {} for media_type in MEDIA_TYPES.values()},
        },
        **problems("unknown-playlist"),
    },
)
def export_playlist(
    playlist: PlaylistId,
    me: deps.Self,
    holding: deps.Holding,
    format: Annotated[Literal["m3u8", "xspf", "jspf"], Query()] = "m3u8",  # noqa: A002
) -> Response:
    """Give a saved list as a file for other players."""
    found = saved.find(holding.library, me.name, playlist)
    catalogue = holding.catalogue()
    known = catalogue.positions
    tracks = [each for each in found.tracks if each in known]
    data = write_playlist(catalogue, tracks, format, found.name, creator=me.name)
    return Response(
        data,
        media_type=MEDIA_TYPES[format],
        headers={"Content-Disposition": attachment(found.name, format)},
    )


def attachment(name: str, suffix: str) -> str:
    """Return the header that names a file for saving.

    >>> attachment('Sü"n/day', "m3u8")
    "attachment; filename*=UTF-8''S%C3%BC%22n_day.m3u8"
    """
    from urllib.parse import quote

    safe = "".join("_" if each in "/\\" else each for each in name)
    return f"attachment; filename*=UTF-8''{quote(safe.strip('.') or 'playlist', safe='')}.{suffix}"


class ImportedPlaylistResponse(BaseModel):
    """What a file was taken for: seeds for a list, or a list itself."""

    name: str | None
    tracks: list[TrackItem]
    unmatched: list[str] = Field(description="What of it the library does not hold.")
    n_unmatched: int
    problems: list[str]


async def _body(request: Request) -> bytes:
    """Return the body; to be asked for after who asks is known, so that it is read of few only."""
    return await request.body()


@router.post(
    "/import",
    response_model=ImportedPlaylistResponse,
    responses=problems("unsupported-type"),
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
    me: deps.Self, data: Annotated[bytes, Depends(_body)], holding: deps.Holding
) -> Response:
    """Read a playlist file (M3U8, XSPF or JSPF, told by its content); nothing is saved."""
    catalogue = holding.catalogue()
    try:
        found = read_playlist(catalogue, data)
    except DatasetError as error:
        told = hide_paths(str(error), *holding.places())
        raise ProblemError("unsupported-type", told) from None
    positions = [catalogue.positions[each] for each in found.tracks[: saved.MOST_TRACKS]]
    return answer(
        {
            "name": found.name,
            "tracks": documents(holding, catalogue, positions, me.name),
            "unmatched": list(found.unmatched[:_MOST_UNMATCHED]),
            "n_unmatched": len(found.unmatched),
            "problems": list(found.problems),
        }
    )
