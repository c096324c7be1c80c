"""Lyrics of songs, by name as text, and by id as lines with their times."""

from typing import Any

from segue.artist_names import comparison_key, display_artist
from segue.errors import AudioError
from segue.pipeline.catalogue.lyrics import LyricsLine, lyrics_of
from segue.serve.subsonic.calls import Call
from segue.serve.subsonic.catalogue_view import CatalogueView, catalogue_view


def get_lyrics(call: Call) -> dict[str, Any]:
    """Return the lyrics of the first song with a title and artist that has any, as text.

    The answer has no text if there is no such song, or none of them has lyrics.
    """
    artist, title = call.text("artist") or "", call.text("title") or ""
    view = catalogue_view(call.app_state)
    for position in _called(view, artist, title):
        lines = _lines(call, view, position)
        if lines:
            track = view.catalogue.tracks[position]
            return {
                "lyrics": {
                    "artist": track.artist,
                    "title": track.title,
                    "value": "\n".join(line.text for line in lines),
                }
            }
    return {"lyrics": {"artist": artist, "title": title, "value": ""}}


def _called(view: CatalogueView, artist: str, title: str) -> list[int]:
    """Return the positions of the songs with a title, by an artist if one is named."""
    key = comparison_key(title)
    if not key:
        return []
    tracks = view.shelves.shelved()
    if artist:
        found = view.shelves.artist_called(artist)
        if found is None:
            return []
        tracks = found.tracks
    titles = ((int(one), view.catalogue.tracks[int(one)].title) for one in tracks)
    return [position for position, own in titles if own and comparison_key(own) == key]


def get_lyrics_by_song_id(call: Call) -> dict[str, Any]:
    """Return the lyrics of a song line by line; the list is empty if there are none."""
    view = catalogue_view(call.app_state)
    position = view.position(call.wanted("id"))
    lines = _lines(call, view, position)
    if not lines:
        return {"lyricsList": {"structuredLyrics": []}}
    track = view.catalogue.tracks[position]
    synced = lines[0].start is not None
    about = {
        "lang": "und",
        "synced": synced,
        "displayArtist": display_artist(track.artist, track.artists),
        "displayTitle": track.title,
        "line": [_line(line) for line in lines],
    }
    return {"lyricsList": {"structuredLyrics": [about]}}


def _line(line: LyricsLine) -> dict[str, Any]:
    start = {} if line.start is None else {"start": round(line.start * 1e3)}
    return {**start, "value": line.text}


def _lines(call: Call, view: CatalogueView, position: int) -> list[LyricsLine]:
    track = view.catalogue.tracks[position]
    try:
        path = call.app_state.audio_path(track)
    except AudioError:
        path = None
    return lyrics_of(track, path)
