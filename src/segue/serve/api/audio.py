"""`/tracks/{id}/audio`: stream the audio of a track, with byte ranges or transcoded."""

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from segue.audio.streaming import MEDIA_TYPES, Format, media_of, transcode
from segue.errors import AudioError
from segue.pipeline.hidden_paths import hide_commands
from segue.serve import dependencies as deps
from segue.serve.audio_stream import stream_chunks
from segue.serve.problems import ProblemError
from segue.serve.request_models import reject_value_errors
from segue.serve.responses import REVALIDATE, client_has
from segue.serve.schemas import problems
from segue.serve.security.encoded_paths import TrackId

router = APIRouter(prefix="/tracks", tags=["tracks"])

_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file.", "content": {"audio/*": {}}},
    206: {"description": "The requested byte range.", "content": {"audio/*": {}}},
    304: {"description": "The file has not changed."},
    **problems("bad-request", "unknown-track", "not-playable", "range-not-satisfiable"),
}
WantedFormat = Annotated[
    Literal["auto", "original", "mp3", "opus"],
    Query(
        description="auto: the original file if browsers can play it, else mp3; original: the"
        " original file. Transcoded audio is sent as a whole, without byte ranges."
    ),
]
Start = Annotated[float, Query(ge=0, le=1e6, description="Start of transcoded audio, in seconds.")]


@router.get(
    "/{track_id}/audio", operation_id="get_audio", response_class=Response, responses=_RESPONSES
)
@router.head(
    "/{track_id}/audio", operation_id="head_audio", response_class=Response, responses=_RESPONSES
)
def get_audio(
    *,
    track_id: TrackId,
    request: Request,
    principal: deps.Visitor,  # noqa: ARG001  # checks permission
    app_state: deps.State,
    format: WantedFormat = "auto",  # noqa: A002
    start: Start = 0.0,
) -> Response:
    """Stream the audio of a track. `Range` applies to original files only."""
    catalogue = app_state.catalogue()
    track = catalogue.tracks[catalogue.position(track_id)]
    try:
        path = app_state.audio_path(track)
    except AudioError as error:
        raise ProblemError("not-playable", hide_commands(str(error))) from None
    try:
        return _respond(request, path, format, start)
    except AudioError as error:
        # the path is known here, so it is replaced as a whole: a directory name may hold anything
        raise ProblemError("not-playable", str(error).replace(str(path), path.name)) from None


def _respond(request: Request, path: Path, format: WantedFormat, start: float) -> Response:  # noqa: A002
    media = media_of(path)  # AudioError unless it is audio by content
    if format == "original" or (format == "auto" and media.plays):
        return _original(request, path, media.media_type)
    return _transcoded(request, path, "mp3" if format == "auto" else format, start)


def _original(request: Request, path: Path, media_type: str) -> Response:
    try:
        state = path.stat()
    except OSError:
        raise ProblemError(
            "not-playable", "The file of this track is missing at the moment."
        ) from None
    response = FileResponse(
        path, media_type=media_type, stat_result=state, headers={"Cache-Control": REVALIDATE}
    )
    if client_has(request, response.headers["etag"]):
        return Response(status_code=304, headers={"ETag": response.headers["etag"]})
    return response


def _transcoded(request: Request, path: Path, format: Format, start: float) -> Response:  # noqa: A002
    headers = {"Accept-Ranges": "none", "Cache-Control": "no-store"}
    if request.method == "HEAD":
        return Response(media_type=MEDIA_TYPES[format], headers=headers)
    with reject_value_errors():
        pieces = transcode(path, format, start_seconds=start)
    return StreamingResponse(stream_chunks(pieces), media_type=MEDIA_TYPES[format], headers=headers)
