"""Recognize the columns of tables by their names, and the separator of CSV text by its header.

Conventions
-----------
- Names are compared in lower case, with ``_`` for spaces and hyphens: "Track ID" is `track_id`.
- Each table has its own aliases: `date` is the year of a track and the time of a listen. Where
  several names of one column are present, the first in the list is used.
"""

import csv
from collections.abc import Container, Iterable, Mapping, Sequence

from segue.text import clean_text

Aliases = Mapping[str, tuple[str, ...]]
"""The names of each column, the preferred one first."""

TRACK_ALIASES: Aliases = {
    "track_id": ("track_id", "trackid", "id"),
    "path": ("path", "file", "filename", "file_name", "filepath", "file_path", "audio_path"),
    "features": ("features", "features_path", "feature_path"),
    "title": ("title", "track_name", "name", "song_title"),
    "artist": ("artist", "artist_name"),
    "album": ("album", "album_name"),
    "year": ("year", "release_year", "date", "release_date"),
    "genre": ("genre", "genres"),
    "tempo": ("tempo", "bpm"),
    "duration": ("duration", "length"),
    "tags": ("tags",),
    "lyrics": ("lyrics",),
    "split": ("split",),
}
LISTEN_ALIASES: Aliases = {
    "user_id": ("user_id", "userid", "user", "user_name", "username", "listener"),
    "track_id": ("track_id", "trackid"),
    "recording": (
        *("recording_mbid", "musicbrainz_recording_id", "musicbrainz_trackid", "mb_trackid"),
        *("track_mbid", "mbid"),
    ),
    "isrc": ("isrc",),
    "artist": ("artist", "artist_name", "artists"),
    "title": (
        *("title", "track", "track_name", "track_title", "name", "song", "song_title"),
        "song_name",
    ),
    "album": ("album", "album_name", "release_name", "album_title"),
    "timestamp": (
        *("uts", "timestamp", "listened_at", "played_at", "played_time", "time", "utc_time"),
        *("entry_date", "timems", "scrobble_time", "scrobbled_at", "event_start_timestamp"),
        *("datetime", "date_time", "played_on", "date_played", "when", "ts", "date"),
    ),
    "position": ("position",),
    "session_id": ("session_id", "sessionid"),
    "plays": ("plays", "play_count", "playcount"),
    "ms_played": ("ms_played", "msplayed", "stream_duration_ms", "played_ms"),
    "rating": ("rating",),
    "loved": ("loved", "love"),
    "skipped": ("skipped",),
    "completed": ("completed",),
    "recommended": ("recommended",),
    "private": ("private", "incognito_mode"),
    "split": ("split",),
}
FRIEND_ALIASES: Aliases = {
    "user_id": LISTEN_ALIASES["user_id"],
    "friend_id": ("friend_id", "friendid", "friend"),
}
SEPARATORS = ",;\t"


def plain_name(name: str) -> str:
    """Return the name of a column as names are compared.

    >>> plain_name(" Track-ID ")
    'track_id'
    """
    return clean_text(name).casefold().replace(" ", "_").replace("-", "_")


def find_columns(names: Iterable[object], aliases: Aliases) -> dict[str, int]:
    """Return the place of each column that a header names.

    >>> find_columns(["User", "date", "Track ID"], LISTEN_ALIASES)
    {'user_id': 0, 'track_id': 2, 'timestamp': 1}
    """
    plain = [plain_name(str(name)) for name in names]
    return {
        column: next(plain.index(alias) for alias in known if alias in plain)
        for column, known in aliases.items()
        if any(alias in plain for alias in known)
    }


def separator_of(header: str, aliases: Aliases) -> str:
    r"""Return the separator with which a header names most of the known columns.

    >>> separator_of("user_id;track_id;a, b", LISTEN_ALIASES)
    ';'
    """
    known = {name for names in aliases.values() for name in names}
    return max(
        SEPARATORS,
        key=lambda separator: (
            _n_known(split_line(header, separator), known),
            header.count(separator),
        ),
    )


def split_line(line: str, separator: str) -> list[str]:
    """Return the cells of one line of CSV text; none where it is not CSV."""
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _n_known(names: Sequence[str], known: Container[str]) -> int:
    return sum(name in known for name in {*map(plain_name, names)})
