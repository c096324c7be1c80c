"""Read the histories and the saved tracks of Spotify.

Conventions
-----------
- Extended history: `ts` is the end of the listen, its start `ms_played` earlier. It is skipped if
  `skipped` or `reason_end` ("fwdbtn") says so, and not skipped if it was played to its end
  ("trackdone"). Episodes and chapters name no track and are left out.
- The shorter history of the account data: `endTime`, `msPlayed`, names.
- ``YourLibrary.json`` of the account data: `tracks` are liked, `bannedTracks` disliked; neither
  says when.

Sources: Spotify's "Understanding your data" (support.spotify.com/article/understanding-your-data).
"""

from collections.abc import Iterator

from segue.sources.history_import.import_row import (
    ImportRow,
    UnusableRow,
    read_id,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.json_fields import Record, parts, read_count
from segue.sources.history_import.opinions import opinion_row
from segue.types import TrackReference

_NOT_A_CHOICE = frozenset(
    {
        *("trackdone", "trackerror", "logout", "appload"),
        *("unexpected-exit", "unexpected-exit-while-paused"),
    }
)
"""Reasons of Spotify for the end of a stream by which the listener did not move on."""
_OTHER_MEDIA = frozenset({"podcastName", "episodeName", "audiobookName", "chapterName"})
_NOT_MUSIC = "it is a podcast, an audiobook or a video, not a track"
LIBRARY_KEYS = frozenset({"tracks", "bannedTracks"})
"""The keys of ``YourLibrary.json`` that segue reads."""


def read_stream(record: Record, user: str | None) -> ImportRow:
    """Return a listen of either history.

    Raises
    ------
    UnusableRow
        It names no track, or a value cannot be parsed.
    """
    if "endTime" in record:
        if not record.get("trackName") and _OTHER_MEDIA & record.keys():
            raise UnusableRow(_NOT_MUSIC, expected=True)
        ended = read_timestamp(record["endTime"])
        played = read_count(record["msPlayed"], "msPlayed")
        names = TrackReference(
            artist=read_name(record.get("artistName")), title=read_name(record.get("trackName"))
        )
        return ImportRow(user, require_track(names), _began(ended, played), ms_played=played)
    title = read_name(record.get("master_metadata_track_name"))
    if title is None:
        raise UnusableRow(_NOT_MUSIC, expected=True)
    ended = read_timestamp(record["ts"])
    played = read_count(record["ms_played"], "ms_played")
    track = TrackReference(
        track_id=_id_in(record.get("spotify_track_uri")),
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


def is_library(record: Record) -> bool:
    """Return whether an object is the content of ``YourLibrary.json``."""
    return record.keys() >= LIBRARY_KEYS and all(
        isinstance(record[name], list) for name in LIBRARY_KEYS
    )


def library_records(record: Record) -> Iterator[tuple[str, object]]:
    """Yield the tracks of ``YourLibrary.json``, each with its shape."""
    for name, shape in (("tracks", "spotify like"), ("bannedTracks", "spotify ban")):
        yield from ((shape, one) for one in parts(record, name))


def read_like(record: Record, user: str | None) -> ImportRow:
    """Return a saved track as a like.

    Raises
    ------
    UnusableRow
        It names no track.
    """
    return opinion_row(read_id(user, "user name"), _saved_track(record), None)


def read_ban(record: Record, user: str | None) -> ImportRow:
    """Return a track that the listener has banned as a dislike.

    Raises
    ------
    UnusableRow
        It names no track.
    """
    return opinion_row(read_id(user, "user name"), _saved_track(record), None, -1)


def _saved_track(record: Record) -> TrackReference:
    return require_track(
        TrackReference(
            track_id=_id_in(record.get("uri")),
            artist=read_name(record.get("artist")),
            title=read_name(record.get("track")),
            album=read_name(record.get("album")),
        )
    )


def _id_in(uri: object) -> str | None:
    text = read_id(uri, "Spotify URI")
    return text.rpartition(":")[2] if text else None


def _began(ended: float | None, ms_played: float | None) -> float | None:
    return None if ended is None else ended - (ms_played or 0.0) / 1e3
