"""Fields of songs and albums that follow from their files and the tags of these.

Rates are in Hz, gains in dB; several values of a tag are joined by ``|`` (see
`segue.sources.file_tags.fields`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from segue.pipeline.catalogue.track_gain import REFERENCE
from segue.types import Track

_RECORDINGS: Final = (
    "musicbrainz_recording_id",
    "musicbrainz_trackid",
    "recording_mbid",
    "mb_trackid",
    "mbid",
)
_ROLES: Final = ("composer", "lyricist", "conductor", "arranger", "producer", "remixer")
_DATE: Final = re.compile(r"([0-9]{4})(?:-?([0-9]{2})(?:-?([0-9]{2}))?)?(?![0-9])")
_GAIN: Final = re.compile(r"\s*([+-]?[0-9]+(?:[.,][0-9]+)?)\s*(?:dB)?\s*", re.IGNORECASE)
_R128_REFERENCE: Final = -23.0
_EXPLICIT: Final = {"1": "explicit", "4": "explicit", "2": "clean"}
_MAX_BITS: Final = 64
_MAX_CHANNELS: Final = 255

_TYPES: Final[Mapping[str, str]] = {
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "m4a": "audio/mp4",
    "mp4": "audio/mp4",
    "aac": "audio/aac",
    "wav": "audio/wav",
    "wma": "audio/x-ms-wma",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "au": "audio/basic",
}
_PLAYED: Final = frozenset({"mp3", "m4a", "mp4", "aac", "ogg", "oga", "opus", "flac", "wav"})
"""Suffixes of files that are sent as they are; others are transcoded unless a player objects."""

ArtistItem = Callable[[str], Mapping[str, str]]
"""Returns id and name of an artist, given by name."""


def song_tag_fields(track: Track, artist_of: ArtistItem) -> dict[str, Any]:
    """Return the fields of a song that its tags state; unknown ones are left out."""
    tags = _tags_of(track)
    composers = _several(tags, "composer")
    contributors = [
        {"role": role, "artist": dict(artist_of(name))}
        for role in _ROLES
        for name in _several(tags, role)
    ]
    found: dict[str, Any] = {
        "bitDepth": _count(tags, "bit_depth", _MAX_BITS),
        "samplingRate": _count(tags, "sample_rate", 10**8),
        "channelCount": _count(tags, "channels", _MAX_CHANNELS),
        "comment": tags.get("comment"),
        "isrc": _several(tags, "isrc"),
        "contributors": contributors,
        "displayComposer": ", ".join(composers),
        "moods": _several(tags, "mood"),
        "groupings": _several(tags, "grouping"),
        "explicitStatus": explicit_status(track),
        "musicBrainzId": recording_id(track),
    }
    return {name: value for name, value in found.items() if value}


def album_tag_fields(tracks: Sequence[Track]) -> dict[str, Any]:
    """Return the fields of an album that the tags of some of its tracks state.

    The titles of discs follow from the tags of all tracks of the album.
    """
    if not tracks:
        return {}
    tags = _tags_of(tracks[0])
    explicit = {explicit_status(track) for track in tracks}
    found: dict[str, Any] = {
        "version": tags.get("album_version"),
        "recordLabels": [{"name": name} for name in _several(tags, "label")],
        "releaseTypes": _several(tags, "release_type"),
        "originalReleaseDate": item_date(tags.get("original_date", "")),
        "releaseDate": item_date(tags.get("release_date", "")),
        "explicitStatus": next((one for one in ("explicit", "clean") if one in explicit), None),
    }
    return {name: value for name, value in found.items() if value}


def disc_titles(tracks: Sequence[Track], discs: Sequence[int]) -> list[dict[str, Any]]:
    """Return the discs of an album that have a title of their own, in order."""
    titles: dict[int, str] = {}
    for track, disc in zip(tracks, discs, strict=True):
        title = track.metadata.get("discsubtitle")
        if title:
            titles.setdefault(max(disc, 1), title)
    return [{"disc": disc, "title": title} for disc, title in sorted(titles.items())]


def recording_id(track: Track) -> str:
    """Return the MusicBrainz id of the recording; empty if it is unknown."""
    found = (track.metadata.get(name, "") for name in _RECORDINGS)
    return next(filter(None, found), "").partition("|")[0]


def explicit_status(track: Track) -> str | None:
    """Return ``explicit`` or ``clean``; None if the tags state neither."""
    return _EXPLICIT.get(_tags_of(track).get("explicit", "").strip())


def item_date(text: str) -> dict[str, int] | None:
    """Return year, month and day of a date as far as it states them; None if it states no year.

    >>> item_date("1999-05-01T00:00"), item_date("20010200"), item_date("?")
    ({'year': 1999, 'month': 5, 'day': 1}, {'year': 2001, 'month': 2}, None)
    """
    match = _DATE.match(text.strip())
    if match is None or not int(match[1]):
        return None
    date = {"year": int(match[1])}
    for name, part, most in (("month", match[2], 12), ("day", match[3], 31)):
        if not part or not 1 <= int(part) <= most:
            break
        date[name] = int(part)
    return date


def replay_gain(track: Track, album_loudness: float | None) -> dict[str, float]:
    """Return gains and peaks of a track and its album: those of tags, else of the analysis.

    Parameters
    ----------
    album_loudness
        Loudness of the whole album in LUFS; None if it is unknown.
    """
    found = {
        "trackGain": _stated_gain(track, "track", track.loudness),
        "albumGain": _stated_gain(track, "album", album_loudness),
        "trackPeak": _peak(track, "track"),
        "albumPeak": _peak(track, "album"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _stated_gain(track: Track, of: str, loudness: float | None) -> float | None:
    match = _GAIN.fullmatch(track.metadata.get(f"replaygain_{of}_gain", ""))
    if match is not None:
        return round(float(match[1].replace(",", ".")), 2)
    r128 = track.metadata.get(f"r128_{of}_gain", "").strip()  # in steps of 1/256 dB
    if re.fullmatch(r"[+-]?[0-9]{1,6}", r128):
        return round(int(r128) / 256 + REFERENCE - _R128_REFERENCE, 2)
    if loudness is None or not isfinite(loudness):
        return None
    return round(REFERENCE - loudness, 2)


def _peak(track: Track, of: str) -> float | None:
    try:
        peak = float(track.metadata.get(f"replaygain_{of}_peak", "").replace(",", "."))
    except ValueError:
        return None
    return round(peak, 6) if isfinite(peak) and peak > 0 else None


def _tags_of(track: Track) -> Mapping[str, str]:
    return {**track.metadata, **track.details}


def _several(tags: Mapping[str, str], name: str) -> list[str]:
    parts = (part.strip() for part in tags.get(name, "").split("|"))
    return list(dict.fromkeys(filter(None, parts)))


def _count(tags: Mapping[str, str], name: str, most: int) -> int | None:
    text = tags.get(name, "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    return number if 0 < number <= most else None


def file_fields(track: Track, size: int) -> dict[str, Any]:
    """Return the fields of a song that describe its file, of `size` bytes (0: unknown)."""
    if track.path is None:
        return {}
    suffix = track.path.suffix.casefold().removeprefix(".")
    found = {
        "size": size or None,
        "contentType": _TYPES.get(suffix, "application/octet-stream"),
        "suffix": suffix,
        "bitRate": _bit_rate(track, size),
    }
    if suffix not in _PLAYED or track.details.get("codec") == "alac":
        found |= {"transcodedContentType": "audio/mpeg", "transcodedSuffix": "mp3"}
    return found


def _bit_rate(track: Track, size: int) -> int | None:
    """Return the bit rate in kbit/s, as the header states it, else by the size."""
    stated = _count(track.details, "bit_rate", 10**9)
    if stated is not None:
        return max(round(stated / 1_000), 1)
    return round(size * 8 / track.duration / 1_000) if size and track.duration else None
