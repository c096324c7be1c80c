"""Stream and download audio, transcoded on request, and serve covers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from fastapi import Response
from fastapi.responses import FileResponse, StreamingResponse

from segue.audio.pictures import Picture
from segue.audio.streaming import FORMATS, MEDIA_TYPES, Format, Media, media_of, transcode
from segue.audio.transcoding import CODECS, DEFAULT_BITRATES
from segue.errors import AudioError
from segue.pipeline.catalogue.cover_images import COVER_SIZES, draw_tile_picture, rounded_size
from segue.serve.audio_stream import stream_chunks
from segue.serve.cover_art import find_cover, send_cover
from segue.serve.responses import attachment
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.catalogue_view import catalogue_view
from segue.serve.subsonic.playlists import virtual_playlists_of
from segue.serve.subsonic.responses import NOT_FOUND, SubsonicError
from segue.serve.subsonic.serializers import Serializer, file_name

_PRIVATE: Final = "private, max-age=0, must-revalidate"
_RAW: Final = "raw"
_COVER_PREFIXES: Final = ("al", "ar", "mf", "pl", "tr")
_MAX_TILE: Final = 768
_MAX_READ: Final = 8  # songs of a playlist that are searched for a cover
_PADDING: Final = 1.02, 4_096  # of the estimated length of a stream: a factor and bytes


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
        headers = {"Accept-Ranges": "none", "Cache-Control": "no-store"}
        length = _estimated_length(call, bitrate, start)
        if length is not None:
            headers["Content-Length"] = str(length)
        if call.request.method == "HEAD":
            return Response(media_type=MEDIA_TYPES[kind], headers=headers)
        pieces = transcode(path, kind, bitrate, float(start))
    except AudioError:
        raise SubsonicError(NOT_FOUND, "The song cannot be played.") from None
    if length is not None:
        pieces = _padded(pieces, length)
    return StreamingResponse(stream_chunks(pieces), media_type=MEDIA_TYPES[kind], headers=headers)


def _estimated_length(call: Call, bitrate: int, start: int) -> int | None:
    """Return the length in bytes to announce for a transcoded song; None if it is not wanted."""
    if not call.flag("estimateContentLength", default=False):
        return None
    duration = catalogue_view(call.app_state).duration(call.wanted("id"))
    if duration is None:
        return None
    factor, more = _PADDING
    return int(max(duration - start, 0.0) * bitrate / 8 * factor) + more


def _padded(pieces: Iterator[bytes], length: int) -> Iterator[bytes]:
    """Yield pieces of exactly `length` bytes together: cut, or with zeros at the end."""
    for piece in pieces:
        part = piece[:length]
        length -= len(part)
        if part:
            yield part
    while length:
        part = bytes(min(length, 16_384))
        length -= len(part)
        yield part


def download(call: Call) -> Response:
    """Send the original file of a song, under a name made of its artist and title."""
    track_id = call.wanted("id")
    path = _path(call, track_id)
    (song,) = Serializer(call).known([track_id])
    return _whole(path, name=file_name(song))


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
        raise SubsonicError(NOT_FOUND, "There is no such song.")
    try:
        return call.app_state.audio_path(view.catalogue.tracks[position])
    except AudioError as error:
        raise SubsonicError(NOT_FOUND, str(error)) from None


def _whole(path: Path, media: Media | None = None, *, name: str | None = None) -> Response:
    if media is None:
        try:
            media = media_of(path)
        except AudioError:
            raise SubsonicError(NOT_FOUND, "The song cannot be played.") from None
    headers = {"Cache-Control": _PRIVATE}
    if name is not None:
        headers |= attachment(name, path.suffix)
    return FileResponse(path, media_type=media.media_type, headers=headers)


# covers ------------------------------------------------------------------------------------------


def get_cover_art(call: Call) -> Response:
    """Send the cover of a song, album, artist or playlist, about `size` pixels wide and high.

    Items without a cover have a generated picture, which is always the same for the same id.
    """
    size = rounded_size(call.number("size", 0, most=10_000) or COVER_SIZES[-1])
    item = call.wanted("id")
    shown = _shown_items(call, item)
    if not shown and item.partition("-")[0] in _COVER_PREFIXES:  # as some players name covers
        item = item.partition("-")[2]
        shown = _shown_items(call, item)
    if not shown:
        raise SubsonicError(NOT_FOUND, "There is no item with this id.")
    for one in shown:
        picture = find_cover(call.request, call.app_state, one, size)
        if picture is not None:
            return send_cover(call.request, picture)
    tile = draw_tile_picture(item, min(size, _MAX_TILE))
    return send_cover(call.request, Picture("image/png", tile))


def _shown_items(call: Call, item: str) -> list[str]:
    """Return the ids whose covers show an item; empty if there is no such item."""
    view = catalogue_view(call.app_state)
    known = item in view.catalogue.positions or view.shelves.album(item) is not None
    if known or view.shelves.artist(item) is not None:
        return [item]
    lists = {one.id: one.track_ids for one in virtual_playlists_of(call, item)}
    saved = call.app_state.library.playlists.get(call.me, item)
    if saved is not None:
        lists[saved.id] = saved.tracks
    return [item, *dict.fromkeys(lists[item][:_MAX_READ])] if item in lists else []
