"""Read listens, likes and dislikes from JSON records of ListenBrainz, Last.fm and Spotify.

Conventions
-----------
- A record is one object; its shape, and with it the service, is recognized by its keys and those of
  its page, so that pages and arrays of several services may be mixed.
- ListenBrainz: `listened_at` is the start of the listen. Its recordings are the `recording_mbid` as
  submitted, then as mapped.
- An export of segue has the shape of ListenBrainz; its `additional_info` also names the track id
  and whether the track was skipped.
- ListenBrainz feedback: a `score` of 1, 0 or -1 for a recording; see
  `segue.sources.history_import.opinions`.
- Last.fm (`user.getRecentTracks`): `date.uts` is the start of the listen. The track that plays now
  has no date and is left out. Tracks in pages of `user.getLovedTracks` are liked, and are no
  listens; outside their page they are recognized by `streamable`, which is an object only there.
- Spotify, extended history: `ts` is the end of the listen, its start `ms_played` earlier. It is
  skipped if `skipped` or `reason_end` ("fwdbtn") says so, and not skipped if it was played to its
  end ("trackdone"). Episodes and chapters name no track and are left out. The shorter history
  (`endTime`, `msPlayed`) is read as well.

Sources: listenbrainz.readthedocs.io, last.fm/api, Spotify's "Understanding your data".
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from segue.sources.history_import.import_row import (
    ImportRow,
    UnusableRow,
    read_id,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.opinions import opinion_row, read_score
from segue.sources.tables.values import read_number
from segue.types import TrackReference

Record = Mapping[str, Any]
_NOTHING: Record = {}
_NOT_A_CHOICE = frozenset(
    {
        *("trackdone", "trackerror", "logout", "appload"),
        *("unexpected-exit", "unexpected-exit-while-paused"),
    }
)
"""Reasons of Spotify for the end of a stream by which the listener did not move on."""
_MAX_DEPTH = 4  # of lists in lists of records


SERVICES: Mapping[str, str] = {
    "listenbrainz": "listenbrainz",
    "feedback": "listenbrainz",
    "lastfm": "lastfm",
    "loved": "lastfm",
    "spotify": "spotify",
}
"""The kind of export that records of each shape come from."""


class FoundRecord(NamedTuple):
    """A value of JSON text: the shape of its record, None if unknown, and the user if named."""

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
"""The keys of each shape; a record has the first shape whose keys it all has."""


def _shape_of(record: Any) -> str | None:
    if not isinstance(record, dict):
        return None
    shape = next((shape for shape, keys in _KEYS if keys <= record.keys()), None)
    if shape == "lastfm" and isinstance(record.get("streamable"), dict):
        return "loved"
    return shape


def find_records(value: Any, depth: int = 0) -> Iterator[FoundRecord]:
    """Yield the records inside a page, a response or a list of them."""
    if isinstance(value, list) and depth < _MAX_DEPTH:
        for part in value:
            yield from find_records(part, depth + 1)
        return
    if isinstance(value, dict):
        loved = _part(value, "lovedtracks")
        page = loved or _part(value, "recenttracks") or (value if "track" in value else _NOTHING)
        if "track" in page:
            user = _part(page, "@attr").get("user")
            tracks = page["track"]
            for track in tracks if isinstance(tracks, list) else [tracks]:
                shape = _shape_of(track)
                yield FoundRecord(
                    "loved" if loved and isinstance(track, dict) else shape, track, user
                )
            return
        response = _part(value, "payload") or value
        for name in ("listens", "feedback"):
            if isinstance(response.get(name), list):
                for record in response[name]:
                    yield FoundRecord(_shape_of(record), record, response.get("user_id"))
                return
    yield FoundRecord(_shape_of(value), value)


def read_record(shape: str, record: Record, user: str | None) -> ImportRow:
    """Return the row of a record by the parser of its `shape`.

    Raises
    ------
    UnusableRow
        It names no track, or a value cannot be parsed.
    """
    return _PARSERS[shape](record, user)


def _listenbrainz(record: Record, user: str | None) -> ImportRow:
    if record.get("listened_at") is None:
        raise UnusableRow("it is playing now and is not a listen yet", expected=True)
    names = _part(record, "track_metadata")
    more, mapped = _part(names, "additional_info"), _part(names, "mbid_mapping")
    ids = (read_id(part.get("recording_mbid"), "recording id") for part in (more, mapped))
    recordings = dict.fromkeys(filter(None, ids))
    own = more if more.get("submission_client") == "segue" else _NOTHING
    track = TrackReference(
        track_id=read_id(own.get("track_id"), "track_id"),
        recording="|".join(recordings) or None,
        isrc=read_id(_first(more.get("isrc")), "ISRC"),
        artist=read_name(names.get("artist_name")),
        title=read_name(names.get("track_name")),
        album=read_name(names.get("release_name")),
    )
    played = _number(more.get("duration_played"), "duration_played")
    return ImportRow(
        read_id(record.get("user_name") or user, "user name"),
        require_track(track),
        read_timestamp(record["listened_at"]),
        ms_played=None if played is None else played * 1e3,
        skipped=own["skipped"] if isinstance(own.get("skipped"), bool) else None,
    )


def _lastfm(record: Record, user: str | None) -> ImportRow:
    date = record.get("date")
    if date is None:
        raise UnusableRow("it is playing now and is not a listen yet", expected=True)
    track = TrackReference(
        recording=read_id(record.get("mbid"), "recording id"),
        artist=read_name(_text_in(record["artist"])),
        title=read_name(record["name"]),
        album=read_name(_text_in(record.get("album"))),
    )
    return ImportRow(
        read_id(user, "user name"), require_track(track), read_timestamp(_stated(date))
    )


def _loved(record: Record, user: str | None) -> ImportRow:
    track = TrackReference(
        recording=read_id(record.get("mbid"), "recording id"),
        artist=read_name(_text_in(record.get("artist"))),
        title=read_name(record.get("name")),
    )
    return opinion_row(
        read_id(user, "user name"),
        require_track(track),
        read_timestamp(_stated(record.get("date"))),
    )


def _feedback(record: Record, user: str | None) -> ImportRow:
    named = record.get("user_name") or record.get("user_id")
    names = _part(record, "track_metadata")
    track = TrackReference(
        recording=read_id(record.get("recording_mbid"), "recording id"),
        artist=read_name(names.get("artist_name")),
        title=read_name(names.get("track_name")),
        album=read_name(names.get("release_name")),
    )
    return opinion_row(
        read_id(named if isinstance(named, str) else user, "user name"),
        track,
        read_timestamp(record.get("created")),
        read_score(record["score"]),
    )


def _spotify(record: Record, user: str | None) -> ImportRow:
    if "endTime" in record:
        ended = read_timestamp(record["endTime"])
        played = _number(record["msPlayed"], "msPlayed")
        names = TrackReference(
            artist=read_name(record.get("artistName")), title=read_name(record.get("trackName"))
        )
        return ImportRow(user, require_track(names), _began(ended, played), ms_played=played)
    title = read_name(record.get("master_metadata_track_name"))
    if title is None:
        raise UnusableRow("it is a podcast, an audiobook or a video, not a track", expected=True)
    ended = read_timestamp(record["ts"])
    played = _number(record["ms_played"], "ms_played")
    uri = read_id(record.get("spotify_track_uri"), "spotify_track_uri")
    track = TrackReference(
        track_id=uri.rpartition(":")[2] if uri else None,
        artist=read_name(record.get("master_metadata_album_artist_name")),
        title=title,
        album=read_name(record.get("master_metadata_album_album_name")),
    )
    return ImportRow(
        read_id(record.get("username"), "user name"),
        track,
        _began(ended, played),
        ms_played=played,
        skipped=record.get("reason_end") == "fwdbtn"
        or (record.get("skipped") is True and record.get("reason_end") not in _NOT_A_CHOICE),
        completed=record.get("reason_end") == "trackdone" or None,
        private=record.get("incognito_mode") is True or None,
    )


def _began(ended: float | None, ms_played: float | None) -> float | None:
    return None if ended is None else ended - (ms_played or 0.0) / 1e3


_PARSERS: dict[str, Callable[[Record, str | None], ImportRow]] = {
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
    """Return the name of an artist or album, which Last.fm writes as text or as an object."""
    return value.get("#text") or value.get("name") if isinstance(value, dict) else value


def _stated(date: Any) -> Any:
    """Return the time in a date of Last.fm; a date without one is a time that cannot be parsed."""
    return date.get("uts") or date.get("#text") or date if isinstance(date, dict) else date


def _number(value: Any, name: str) -> float | None:
    try:
        return read_number(value, 0.0)
    except ValueError:
        raise UnusableRow(f"{name} is not a number, 0 or more") from None
