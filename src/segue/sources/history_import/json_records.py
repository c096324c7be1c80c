"""Listens, likes and dislikes as JSON records: ListenBrainz, Last.fm, Spotify.

Conventions
-----------
- A record is one object; its shape, and with it which service wrote it, is told by its keys and
  those of its page, so that pages and arrays of several may be mixed.
- ListenBrainz: `listened_at` begins the listen. `recording_mbid` as submitted, then as mapped.
- ListenBrainz, feedback: a `score` of 1, 0 or -1 for a recording; see
  `segue.sources.history_import.opinions`.
- Last.fm (`user.getRecentTracks`): `date.uts` begins the listen. What plays now has no date and is
  left out. What stands in pages of `user.getLovedTracks` is liked, and no listen; outside its page
  it is known by `streamable`, which is an object only there.
- Spotify, extended history: `ts` ends the listen, so that it began `ms_played` earlier. Skipped is
  what `skipped` or `reason_end` ("fwdbtn") says is; a track that came to its end ("trackdone") was
  not. Episodes and chapters name no track and are left out. The shorter history
  (`endTime`, `msPlayed`) is read as well.

Sources: listenbrainz.readthedocs.io, last.fm/api, Spotify's "Understanding your data".
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from segue.sources.history_import.import_row import (
    Heard,
    Unusable,
    check_named,
    read_id,
    read_name,
    read_when,
)
from segue.sources.history_import.opinions import liked, read_score
from segue.sources.tables.values import read_number
from segue.types import Sought

Record = Mapping[str, Any]
_NOTHING: Record = {}
_DEEPEST = 4  # lists of lists of records: nobody writes more


SERVICES: Mapping[str, str] = {
    "listenbrainz": "listenbrainz",
    "feedback": "listenbrainz",
    "lastfm": "lastfm",
    "loved": "lastfm",
    "spotify": "spotify",
}
"""The kind of export that records of each shape come from."""


class Found(NamedTuple):
    """A value in a JSON text: the shape of its record, None if nobody's; the listener if named."""

    shape: str | None
    record: Any
    user: str | None = None


_KEYS: tuple[tuple[str, frozenset[str]], ...] = (
    ("feedback", frozenset({"score", "recording_mbid"})),
    ("feedback", frozenset({"score", "recording_msid"})),
    ("listenbrainz", frozenset({"track_metadata"})),
    ("spotify", frozenset({"ts", "ms_played"})),
    ("spotify", frozenset({"endTime", "msPlayed"})),
    ("lastfm", frozenset({"artist", "name", "date"})),
    ("lastfm", frozenset({"artist", "name", "@attr"})),
)
"""The keys by which the shape of a record is told; the first that are all there count."""


def _shape_of(record: Any) -> str | None:
    if not isinstance(record, dict):
        return None
    shape = next((shape for shape, keys in _KEYS if keys <= record.keys()), None)
    if shape == "lastfm" and isinstance(record.get("streamable"), dict):
        return "loved"
    return shape


def records_in(value: Any, depth: int = 0) -> Iterator[Found]:
    """Give the records inside a page, an answer or a list of them."""
    if isinstance(value, list) and depth < _DEEPEST:
        for part in value:
            yield from records_in(part, depth + 1)
        return
    if isinstance(value, dict):
        loved = _part(value, "lovedtracks")
        page = loved or _part(value, "recenttracks") or (value if "track" in value else _NOTHING)
        if "track" in page:
            user = _part(page, "@attr").get("user")
            tracks = page["track"]
            for track in tracks if isinstance(tracks, list) else [tracks]:
                shape = _shape_of(track)
                yield Found("loved" if loved and isinstance(track, dict) else shape, track, user)
            return
        answer = _part(value, "payload") or value
        for name in ("listens", "feedback"):
            if isinstance(answer.get(name), list):
                for record in answer[name]:
                    yield Found(_shape_of(record), record, answer.get("user_id"))
                return
    yield Found(_shape_of(value), value)


def read_record(shape: str, record: Record, user: str | None) -> Heard:
    """Return what a record says, by the reader of its `shape`.

    Raises
    ------
    Unusable
        If it says nothing that counts.
    """
    return _READERS[shape](record, user)


def _listenbrainz(record: Record, user: str | None) -> Heard:
    if record.get("listened_at") is None:
        raise Unusable("it plays now: it has no time", expected=True)
    names = _part(record, "track_metadata")
    more, mapped = _part(names, "additional_info"), _part(names, "mbid_mapping")
    ids = (read_id(part.get("recording_mbid"), "recording id") for part in (more, mapped))
    recordings = dict.fromkeys(filter(None, ids))
    sought = Sought(
        recording="|".join(recordings) or None,
        isrc=read_id(_first(more.get("isrc")), "ISRC"),
        artist=read_name(names.get("artist_name")),
        title=read_name(names.get("track_name")),
        album=read_name(names.get("release_name")),
    )
    played = _number(more.get("duration_played"), "duration_played")
    return Heard(
        read_id(record.get("user_name") or user, "user name"),
        check_named(sought),
        read_when(record["listened_at"]),
        ms_played=None if played is None else played * 1e3,
    )


def _lastfm(record: Record, user: str | None) -> Heard:
    date = record.get("date")
    if date is None:
        raise Unusable("it plays now: it has no time", expected=True)
    sought = Sought(
        recording=read_id(record.get("mbid"), "recording id"),
        artist=read_name(_text_in(record["artist"])),
        title=read_name(record["name"]),
        album=read_name(_text_in(record.get("album"))),
    )
    return Heard(read_id(user, "user name"), check_named(sought), read_when(_stated(date)))


def _loved(record: Record, user: str | None) -> Heard:
    sought = Sought(
        recording=read_id(record.get("mbid"), "recording id"),
        artist=read_name(_text_in(record.get("artist"))),
        title=read_name(record.get("name")),
    )
    return liked(
        read_id(user, "user name"), check_named(sought), read_when(_stated(record.get("date")))
    )


def _feedback(record: Record, user: str | None) -> Heard:
    named = record.get("user_name") or record.get("user_id")
    names = _part(record, "track_metadata")
    sought = Sought(
        recording=read_id(record.get("recording_mbid"), "recording id"),
        artist=read_name(names.get("artist_name")),
        title=read_name(names.get("track_name")),
        album=read_name(names.get("release_name")),
    )
    return liked(
        read_id(named if isinstance(named, str) else user, "user name"),
        sought,
        read_when(record.get("created")),
        read_score(record["score"]),
    )


def _spotify(record: Record, user: str | None) -> Heard:
    if "endTime" in record:
        ended = read_when(record["endTime"])
        played = _number(record["msPlayed"], "msPlayed")
        names = Sought(
            artist=read_name(record.get("artistName")), title=read_name(record.get("trackName"))
        )
        return Heard(user, check_named(names), _began(ended, played), ms_played=played)
    title = read_name(record.get("master_metadata_track_name"))
    if title is None:
        raise Unusable("a podcast, an audiobook or a video: it names no track", expected=True)
    ended = read_when(record["ts"])
    played = _number(record["ms_played"], "ms_played")
    uri = read_id(record.get("spotify_track_uri"), "spotify_track_uri")
    sought = Sought(
        track_id=uri.rpartition(":")[2] if uri else None,
        artist=read_name(record.get("master_metadata_album_artist_name")),
        title=title,
        album=read_name(record.get("master_metadata_album_album_name")),
    )
    return Heard(
        read_id(record.get("username"), "user name"),
        sought,
        _began(ended, played),
        ms_played=played,
        skipped=_skipped(record),
    )


def _skipped(record: Record) -> bool | None:
    said, reason = record.get("skipped"), record.get("reason_end")
    if said is True or reason == "fwdbtn":
        return True
    return False if said is False or reason == "trackdone" else None


def _began(ended: float | None, ms_played: float | None) -> float | None:
    return None if ended is None else ended - (ms_played or 0.0) / 1e3


_READERS: dict[str, Callable[[Record, str | None], Heard]] = {
    "listenbrainz": _listenbrainz,
    "feedback": _feedback,
    "lastfm": _lastfm,
    "loved": _loved,
    "spotify": _spotify,
}


def _part(record: Record, name: str) -> Record:
    part = record.get(name)
    return part if isinstance(part, dict) else _NOTHING


def _first(value: Any) -> Any:
    return (value or [None])[0] if isinstance(value, list) else value


def _text_in(value: Any) -> Any:
    """Return the name of an artist or album: Last.fm writes both shapes."""
    return value.get("#text") or value.get("name") if isinstance(value, dict) else value


def _stated(date: Any) -> Any:
    """Return the time in a date of Last.fm; a date without one is a time that cannot be read."""
    return date.get("uts") or date.get("#text") or date if isinstance(date, dict) else date


def _number(value: Any, name: str) -> float | None:
    try:
        return read_number(value, 0.0)
    except ValueError:
        raise Unusable(f"{name} is not a number from 0") from None
