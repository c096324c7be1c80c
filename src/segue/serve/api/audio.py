"""`/tracks/{id}/audio`: the sound of a track, whole or in parts, named by its id only."""

import stat
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from segue.audio.streaming import MEDIA_TYPES, Format, media_of, transcode
from segue.errors import AudioError
from segue.serve import dependencies as deps
from segue.serve.audio_stream import given
from segue.serve.held import Held
from segue.serve.problems import ProblemError
from segue.serve.request_models import invalid
from segue.serve.responses import REVALIDATE, has
from segue.serve.schemas import problems
from segue.serve.security.encoded_paths import TrackId

router = APIRouter(prefix="/tracks", tags=["tracks"])

_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole of it.", "content": {"audio/*": {}}},
    206: {"description": "The range that was asked for.", "content": {"audio/*": {}}},
    304: {"description": "It is as it was."},
    **problems("bad-request", "unknown-track", "not-playable", "range-not-satisfiable"),
}
Wanted = Annotated[
    Literal["auto", "original", "mp3", "opus"],
    Query(
        description="auto: the file as it is where browsers play it, else mp3; original: as it is."
        " What is encoded anew comes whole, without ranges."
    ),
]
Start = Annotated[float, Query(ge=0, le=1e6, description="Seconds at which encoding anew begins.")]


@router.get(
    "/{track_id}/audio", operation_id="get_audio", response_class=Response, responses=_ANSWERS
)
@router.head(
    "/{track_id}/audio", operation_id="head_audio", response_class=Response, responses=_ANSWERS
)
def get_audio(
    *,
    track_id: TrackId,
    request: Request,
    principal: deps.Visitor,  # noqa: ARG001  # whoever may not look may not hear
    holding: deps.Holding,
    format: Wanted = "auto",  # noqa: A002
    start: Start = 0.0,
) -> Response:
    """Play a track. `Range` is obeyed where the file comes as it is."""
    path = _file(holding, track_id)
    try:
        return _sound(request, path, format, start)
    except AudioError as error:
        # a name of a directory may have anything in it: where it is known, it need not be guessed
        raise ProblemError("not-playable", str(error).replace(str(path), path.name)) from None


def _sound(request: Request, path: Path, format: Wanted, start: float) -> Response:  # noqa: A002
    try:
        media = media_of(path)
        media_type, plays = media.media_type, media.plays
    except AudioError:
        if format != "original":
            raise
        media_type, plays = "application/octet-stream", True
    if format == "original" or (format == "auto" and plays):
        return _as_it_is(request, path, media_type)
    return _encoded(request, path, "mp3" if format == "auto" else format, start)


def _file(holding: Held, track_id: str) -> Path:
    catalogue = holding.catalogue()
    track = catalogue.tracks[catalogue.position(track_id)]
    if track.path is None or track.missing:
        raise ProblemError("not-playable")
    return track.path


def _as_it_is(request: Request, path: Path, media_type: str) -> Response:
    try:
        state = path.stat()
    except OSError:
        raise ProblemError("not-playable", "The file of this track is not there now.") from None
    if not stat.S_ISREG(state.st_mode):
        raise ProblemError("not-playable")
    response = FileResponse(
        path, media_type=media_type, stat_result=state, headers={"Cache-Control": REVALIDATE}
    )
    if has(request, response.headers["etag"]):
        return Response(status_code=304, headers={"ETag": response.headers["etag"]})
    return response


def _encoded(request: Request, path: Path, format: Format, start: float) -> Response:  # noqa: A002
    headers = {"Accept-Ranges": "none", "Cache-Control": "no-store"}
    if request.method == "HEAD":
        return Response(media_type=MEDIA_TYPES[format], headers=headers)
    with invalid():
        pieces = transcode(path, format, start_seconds=start)
    return StreamingResponse(given(pieces), media_type=MEDIA_TYPES[format], headers=headers)
