"""Recognize JSON records of all services, and read those of ListenBrainz and Last.fm.

Conventions
-----------
- A record is one object; its shape, and with it the service, is recognized by its keys and those of
  its page, so that pages and arrays of several services may be mixed.
- ListenBrainz: `listened_at`, in its dumps `timestamp`, is the start of the listen. Its recordings
  are the `recording_mbid` as submitted, then as mapped.
- An export of segue has the shape of ListenBrainz; its `additional_info` also names the track id
  and whether the listen was skipped, completed, recommended or private.
- ListenBrainz feedback: a `score` of 1, 0 or -1 for a recording; see
  `segue.sources.history_import.opinions`.
- Last.fm (`user.getRecentTracks`): `date.uts` is the start of the listen. The track that plays now
  has no date and is left out. Tracks in pages of `user.getLovedTracks` are liked, and are no
  listens; outside their page they are recognized by `streamable`, which is an object only there.
- Records of other services: `spotify`, `youtube`, `scrobble_servers`.

Sources: listenbrainz.readthedocs.io, last.fm/api.
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
from segue.sources.history_import.json_fields import NOTHING, Record, first, part, read_count
from segue.sources.history_import.opinions import opinion_row, read_score
from segue.sources.history_import.scrobble_servers import read_koito, read_maloja
from segue.sources.history_import.spotify import (
    is_library,
    library_records,
    read_ban,
    read_like,
    read_stream,
)
from segue.sources.history_import.youtube import TitleSentence, read_watch
from segue.types import TrackReference

_FLAGS = ("skipped", "completed", "recommended", "private")
_MAX_DEPTH = 4  # of lists in lists of records


SERVICES: Mapping[str, str] = {
    "listenbrainz": "listenbrainz",
    "feedback": "listenbrainz",
    "lastfm": "lastfm",
    "loved": "lastfm",
    "spotify": "spotify",
    "spotify like": "spotify",
    "spotify ban": "spotify",
    "youtube": "youtube",
    "maloja": "maloja",
    "koito": "koito",
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
    ("youtube", frozenset({"header", "title", "time"})),
    ("maloja", frozenset({"time", "track", "duration"})),
    ("koito", frozenset({"listened_at", "track", "artists"})),
    ("lastfm", frozenset({"artist", "name", "@attr"})),
)
"""The keys of each shape; a record has the first shape whose keys it all has."""
_WITH_TRACK = frozenset({"maloja", "koito"})
"""Shapes with a key that pages of Last.fm have, too."""


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
        for item in value:
            yield from find_records(item, depth + 1)
        return
    if isinstance(value, dict):
        if is_library(value):
            for known, one in library_records(value):
                yield FoundRecord(known if isinstance(one, dict) else None, one)
            return
        shape = _shape_of(value)
        if shape in _WITH_TRACK:
            yield FoundRecord(shape, value)
            return
        loved = part(value, "lovedtracks")
        page = loved or part(value, "recenttracks") or (value if "track" in value else NOTHING)
        if "track" in page:
            user = part(page, "@attr").get("user")
            tracks = page["track"]
            for track in tracks if isinstance(tracks, list) else [tracks]:
                shape = _shape_of(track)
                yield FoundRecord(
                    "loved" if loved and isinstance(track, dict) else shape, track, user
                )
            return
        response = part(value, "payload") or value
        named = response.get("user_id") or response.get("user")
        for name in ("listens", "feedback", "scrobbles"):
            if isinstance(response.get(name), list):
                for record in response[name]:
                    yield FoundRecord(_shape_of(record), record, named)
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
    at = record.get("listened_at", record.get("timestamp"))
    if at is None:
        raise UnusableRow("it is playing now and is not a listen yet", expected=True)
    names = part(record, "track_metadata")
    more, mapped = part(names, "additional_info"), part(names, "mbid_mapping")
    ids = (read_id(part.get("recording_mbid"), "recording id") for part in (more, mapped))
    recordings = dict.fromkeys(filter(None, ids))
    own = more if more.get("submission_client") == "segue" else NOTHING
    track = TrackReference(
        track_id=read_id(own.get("track_id"), "track_id"),
        recording="|".join(recordings) or None,
        isrc=read_id(first(more.get("isrc")), "ISRC"),
        artist=read_name(names.get("artist_name")),
        title=read_name(names.get("track_name")),
        album=read_name(names.get("release_name")),
    )
    played = read_count(more.get("duration_played"), "duration_played")
    return ImportRow(
        read_id(record.get("user_name") or user, "user name"),
        require_track(track),
        read_timestamp(at),
        ms_played=None if played is None else played * 1e3,
        **{name: own[name] for name in _FLAGS if isinstance(own.get(name), bool)},
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
    names = part(record, "track_metadata")
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


_PARSERS: dict[str, Callable[[Record, str | None], ImportRow]] = {
    "listenbrainz": _listenbrainz,
    "feedback": _feedback,
    "lastfm": _lastfm,
    "loved": _loved,
    "spotify": read_stream,
    "spotify like": read_like,
    "spotify ban": read_ban,
    "youtube": lambda record, _: read_watch(record, TitleSentence()),
    "maloja": read_maloja,
    "koito": read_koito,
}


def _text_in(value: Any) -> Any:
    """Return the name of an artist or album, which Last.fm writes as text or as an object."""
    return value.get("#text") or value.get("name") if isinstance(value, dict) else value


def _stated(date: Any) -> Any:
    """Return the time in a date of Last.fm; a date without one is a time that cannot be parsed."""
    return date.get("uts") or date.get("#text") or date if isinstance(date, dict) else date
