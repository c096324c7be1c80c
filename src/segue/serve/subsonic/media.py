"""Stream and download audio, transcoded on request, and serve covers."""

from pathlib import Path
from typing import Final

from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse

from segue.audio.streaming import FORMATS, MEDIA_TYPES, Format, Media, media_of, transcode
from segue.audio.transcoding import CODECS, DEFAULT_BITRATES
from segue.errors import AudioError
from segue.pipeline.catalogue.cover_images import COVER_SIZES
from segue.serve.audio_stream import stream_chunks
from segue.serve.cover_art import find_cover, send_cover
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.catalogue_view import catalogue_view
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError

_PRIVATE: Final = "private, max-age=0, must-revalidate"
_RAW: Final = "raw"


def stream(call: Call) -> Response:
    """Stream a song: the original file, or transcoded on request or if needed."""
    path = _path(call, call.wanted("id"))
    wanted = (call.text("format") or "").casefold()
    most = call.number("maxBitRate", 0, most=10_000) * 1_000
    start = call.number("timeOffset", 0, most=86_400)
    if wanted == _RAW:
        return _whole(path)
    try:
        media = media_of(path)
        chosen = _chosen(call, path, media, wanted, most)
        if chosen is None and not start:
            return _whole(path, media)
        kind = chosen or "mp3"
        low, high = CODECS[kind].bitrates[0], CODECS[kind].bitrates[-1]
        bitrate = min(max(min(most or high, DEFAULT_BITRATES[kind]), low), high)
        if call.request.method == "HEAD":
            return Response(media_type=MEDIA_TYPES[kind])
        pieces = transcode(path, kind, bitrate, float(start))
    except AudioError:
        raise SubsonicError(NOT_FOUND, "The song cannot be played.", status=404) from None
    headers = {"Accept-Ranges": "none", "Cache-Control": "no-store"}
    return StreamingResponse(stream_chunks(pieces), media_type=MEDIA_TYPES[kind], headers=headers)


def download(call: Call) -> Response:
    """Send the original file of a song."""
    return _whole(_path(call, call.wanted("id")))


def _chosen(call: Call, path: Path, media: Media, wanted: str, most: int) -> Format | None:
    """Return the format to transcode to; None for the original file."""
    known: dict[str, Format] = {**{one: one for one in FORMATS}, "ogg": "opus", "oga": "opus"}
    kind = known.get(wanted)
    names = {media.container, media.codec, path.suffix.casefold().removeprefix(".")}
    if kind is not None and kind not in names and wanted not in names:
        return kind
    if most:
        duration = catalogue_view(call.app_state).duration(call.wanted("id"))
        if duration is None or path.stat().st_size * 8 / duration > most:
            return kind or "mp3"
    return None if media.plays else kind or "mp3"


def _path(call: Call, track_id: str) -> Path:
    view = catalogue_view(call.app_state)
    position = view.catalogue.positions.get(track_id)
    if position is None:
        raise SubsonicError(NOT_FOUND, "There is no such song.", status=404)
    try:
        return call.app_state.audio_path(view.catalogue.tracks[position])
    except AudioError as error:
        raise SubsonicError(NOT_FOUND, str(error), status=404) from None


def _whole(path: Path, media: Media | None = None) -> Response:
    if media is None:
        try:
            media = media_of(path)
        except AudioError:
            raise SubsonicError(NOT_FOUND, "The song cannot be played.", status=404) from None
    return FileResponse(path, media_type=media.media_type, headers={"Cache-Control": _PRIVATE})


# covers ------------------------------------------------------------------------------------------


def get_cover_art(call: Call) -> Response:
    """Send the cover of a song, album or artist, at most `size` pixels wide and high."""
    size = call.number("size", 0, most=10_000) or COVER_SIZES[-1]
    picture = find_cover(call.request, call.app_state, call.wanted("id"), size)
    if picture is None:
        raise SubsonicError(NOT_FOUND, "There is no cover.", status=404)
    return send_cover(call.request, picture)
