"""Write and read JSPF: XSPF as JSON, with the MusicBrainz extensions that ListenBrainz uses.

Conventions
-----------
- Durations are whole milliseconds, locations URIs, ``identifier`` and ``location`` lists. The
  MusicBrainz recording is the first identifier, ``https://musicbrainz.org/recording/...``.
- ``https://musicbrainz.org/doc/jspf#playlist`` has the creator, that the list is not public, and
  the time of the last change; ``...#track`` has the track's id in the library that wrote it under
  ``additional_metadata``, as ``segue_id``.
- Variants of other programs are read as well: text in place of a list, a track list without a
  playlist around it. Of a file that was cut short, the tracks before the cut are kept.

Sources: https://xspf.org/jspf, https://musicbrainz.org/doc/jspf
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import ijson

from segue.errors import DatasetError
from segue.sources.playlist_files.locations import from_uri, to_uri
from segue.sources.playlist_files.playlist_file import (
    MAX_ENTRIES,
    RECORDING,
    PlaylistEntry,
    PlaylistFile,
    limited,
    recording_of,
    seconds_of,
    text_of,
)
from segue.sources.playlist_files.xspf import id_among
from segue.text import plural

PLAYLIST_EXTENSION: Final = "https://musicbrainz.org/doc/jspf#playlist"
TRACK_EXTENSION: Final = "https://musicbrainz.org/doc/jspf#track"
_MAX_DEPTH: Final = 50
_SURROGATE = re.compile("[\ud800-\udfff]")


def write_jspf(playlist: PlaylistFile) -> bytes:
    """Return the bytes of a JSPF file."""
    about = {"title": playlist.name, "creator": playlist.creator, "date": playlist.date}
    extension = {
        "creator": playlist.creator,
        "public": False,
        "last_modified_at": playlist.date,
    }
    document = {
        "playlist": {
            **_known(about),
            "extension": {PLAYLIST_EXTENSION: _known(extension)},
            "track": [_track(entry) for entry in playlist.entries],
        }
    }
    text = json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    return _SURROGATE.sub("\ufffd", text).encode("utf-8")


def _track(entry: PlaylistEntry) -> dict[str, Any]:
    extra = {"additional_metadata": {"segue_id": entry.track_id}} if entry.track_id else None
    return _known(
        {
            "location": [to_uri(entry.location)] if entry.location else None,
            "identifier": [RECORDING + entry.recording] if entry.recording else None,
            "title": entry.title,
            "creator": entry.artist,
            "album": entry.album,
            "duration": None if entry.duration is None else round(1_000 * entry.duration),
            "extension": {TRACK_EXTENSION: extra} if extra else None,
        }
    )


def _known(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parts.items() if value is not None}


def read_jspf(text: str) -> PlaylistFile:
    """Return the content of a JSPF file.

    Raises
    ------
    DatasetError
        It is another kind of JSON, or nothing of it can be read.
    """
    problems: list[str] = []
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        entries = [_entry(one) for one in _readable_tracks(text)]
        if not entries:
            raise DatasetError(
                "The file starts like JSON and cannot be read: give an M3U8, XSPF or JSPF file."
            ) from None
        problems.append("it cannot be read to its end: the tracks before that are kept")
        return PlaylistFile(entries=limited(entries, problems), problems=problems)
    playlist = document.get("playlist", document) if isinstance(document, dict) else None
    tracks = playlist.get("track") if isinstance(playlist, dict) else None
    if not isinstance(playlist, dict) or not isinstance(tracks, list):
        raise DatasetError(
            "The file is JSON without the tracks of a playlist: give an M3U8, XSPF or JSPF file."
        )
    entries = [_entry(one) for one in tracks[: MAX_ENTRIES + 1] if isinstance(one, dict)]
    odd = sum(not isinstance(one, dict) for one in tracks)
    if odd:
        problems.append(
            f"{plural(odd, 'track is not an object', 'tracks are not objects')}: left out"
        )
    return PlaylistFile(
        entries=limited(entries, problems),
        name=text_of(playlist.get("title")),
        creator=text_of(playlist.get("creator")),
        date=text_of(playlist.get("date")),
        problems=problems,
    )


def _readable_tracks(text: str) -> Iterator[dict[str, Any]]:
    data = io.BytesIO(text.encode("utf-8", errors="replace"))
    if _is_deep(data):
        return
    try:
        for place, one in enumerate(ijson.items(data, "playlist.track.item", use_float=True)):
            if place > MAX_ENTRIES:
                return
            if isinstance(one, dict):
                yield one
    except (ijson.JSONError, ValueError, RecursionError, OverflowError):
        return


def _is_deep(data: io.BytesIO) -> bool:
    """Return whether values are nested too deeply: ijson needs memory by the square of the depth.

    The position in the data is its start afterwards.
    """
    depth = 0
    try:
        for event, _ in ijson.basic_parse(data, use_float=True):
            depth += event.startswith("start_") - event.startswith("end_")
            if depth > _MAX_DEPTH:
                return True
    except (ijson.JSONError, ValueError, OverflowError):
        pass  # the values before it are used
    finally:
        data.seek(0)
    return False


def _entry(track: Mapping[str, Any]) -> PlaylistEntry:
    identifiers = _texts(track.get("identifier"))
    location = next(iter(_texts(track.get("location"))), None)
    return PlaylistEntry(
        title=text_of(track.get("title")),
        artist=text_of(track.get("creator")),
        album=text_of(track.get("album")),
        duration=seconds_of(track.get("duration"), 1_000),
        recording=recording_of(identifiers),
        location=from_uri(location) if location else None,
        track_id=_own_id(track) or id_among(identifiers),
    )


def _own_id(track: Mapping[str, Any]) -> str | None:
    found: Any = track
    for name in ("extension", TRACK_EXTENSION, "additional_metadata", "segue_id"):
        found = found[0] if isinstance(found, list) and found else found  # as XSPF's JSON has it
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


def _texts(value: object) -> list[str]:
    """Return the texts of a value that is a text or a list of texts."""
    values = value if isinstance(value, list) else [value]
    return [one.strip() for one in values if isinstance(one, str) and one.strip()]
