"""`/tracks/{id}/audio`: the sound of a track, whole or in parts, named by its id only."""

import mimetypes
import stat
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from segue.serve import deps
from segue.serve.answers import REVALIDATE, has
from segue.serve.documents import problems
from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.security.segments import TrackId

router = APIRouter(prefix="/tracks", tags=["tracks"])

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole of it.", "content": {"audio/*": {}}},
    206: {"description": "The range that was asked for.", "content": {"audio/*": {}}},
    304: {"description": "It is as it was."},
    **problems("bad-request", "unknown-track", "not-playable", "range-not-satisfiable"),
}
_TYPES = {".flac": "audio/flac", ".opus": "audio/ogg", ".m4a": "audio/mp4", ".wav": "audio/wav"}
Wanted = Annotated[
    Literal["original"],
    Query(description="original: the file as it is."),
]


@router.get(
    "/{track_id}/audio", operation_id="get_audio", response_class=Response, responses=_ANSWERS
)
@router.head(
    "/{track_id}/audio", operation_id="head_audio", response_class=Response, responses=_ANSWERS
)
def get_audio(
    track_id: TrackId,
    request: Request,
    asker: deps.Visitor,  # noqa: ARG001  # whoever may not look may not hear
    holding: deps.Holding,
    format: Wanted = "original",  # noqa: A002, ARG001
) -> Response:
    """Play a track. `Range` is obeyed."""
    path = _file(holding, track_id)
    try:
        state = path.stat()
    except OSError:
        raise ProblemError("not-playable", "The file of this track is not there now.") from None
    if not stat.S_ISREG(state.st_mode):
        raise ProblemError("not-playable")
    response = FileResponse(
        path,
        media_type=_media_type(path),
        stat_result=state,
        headers={"Cache-Control": REVALIDATE},
    )
    if has(request, response.headers["etag"]):
        return Response(status_code=304, headers={"ETag": response.headers["etag"]})
    return response


def _file(holding: Held, track_id: str) -> Path:
    catalogue = holding.catalogue()
    track = catalogue.tracks[catalogue.position(track_id)]
    if track.path is None or track.missing:
        raise ProblemError("not-playable")
    return track.path


def _media_type(path: Path) -> str:
    """Return the media type of an audio file; nothing that a browser would run."""
    known = _TYPES.get(path.suffix.casefold()) or mimetypes.guess_type(path.name)[0] or ""
    return known if known.startswith("audio/") else "application/octet-stream"
