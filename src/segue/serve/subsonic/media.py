"""Stream and download audio, transcoded on request, and serve embedded cover images."""

from hashlib import blake2b
from pathlib import Path
from typing import Final

from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse

from segue.audio.pictures import Picture, embedded_picture
from segue.audio.streaming import FORMATS, MEDIA_TYPES, Format, Media, media_of, transcode
from segue.audio.transcoding import CODECS, DEFAULT_BITRATES
from segue.errors import AudioError
from segue.serve.audio_stream import stream_chunks
from segue.serve.responses import client_has
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.catalogue_view import catalogue_view
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError
from segue.types import Track

_PRIVATE: Final = "private, max-age=0, must-revalidate"
_MAX_COVER_SONGS: Final = 3  # songs of an album or artist that are searched for a cover
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
    """Send the cover of a song, or of the first songs of an album or artist, unscaled."""
    item = call.wanted("id")
    view = catalogue_view(call.app_state)
    try:
        positions = view.tracks_of(item)[:_MAX_COVER_SONGS].tolist()
    except SubsonicError as error:
        raise SubsonicError(error.code, "There is no such cover.", status=404) from None
    for position in positions:
        picture = _picture(call, view.catalogue.tracks[position])
        if picture is not None:
            return _shown(call, picture)
    raise SubsonicError(NOT_FOUND, "There is no cover.", status=404)


def _picture(call: Call, track: Track) -> Picture | None:
    try:
        return embedded_picture(call.app_state.audio_path(track))
    except AudioError:
        return None


def _shown(call: Call, picture: Picture) -> Response:
    etag = f'"{blake2b(picture.data, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=3600"}
    if client_has(call.request, etag):
        return Response(status_code=304, headers=headers)
    return Response(picture.data, media_type=picture.media_type, headers=headers)
