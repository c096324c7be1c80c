"""Which cell of a table's row holds what, told by its first lines.

Conventions
-----------
- Columns are known by name, in any order (`COLUMNS`); those that are unknown are passed over. A
  table without a header is one when it has the four columns of lastfm-to-csv: artist, album, title,
  date.
- A row whose ids, `plays`, `ms_played`, `rating`, `loved` or `split` cannot be used is left out; a
  bad `position` or `skipped` is unknown.
- Rows with plays or a rating and neither time nor position are totals.
- `loved` stands for the highest rating where there is none. Last.fm's tables of loved tracks are
  those of listens without albums: what they name is liked, and no listen.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from segue.sources.datasets.tracks import read_split
from segue.sources.history_import.import_row import (
    NO_TIME,
    Heard,
    Unusable,
    check_named,
    read_id,
    read_name,
    read_when,
)
from segue.sources.history_import.opinions import LIKED, liked
from segue.sources.tables.values import read_number, read_truth
from segue.text import clean_text
from segue.types import Sought

# our name: the names of columns, the first that is there counts
COLUMNS: dict[str, tuple[str, ...]] = {
    "user_id": ("user_id", "userid", "user", "user_name", "username", "listener"),
    "track_id": ("track_id", "trackid"),
    "recording": (
        *("recording_mbid", "musicbrainz_recording_id", "musicbrainz_trackid", "mb_trackid"),
        *("track_mbid", "mbid"),
    ),
    "isrc": ("isrc",),
    "artist": ("artist", "artist_name", "artists"),
    "title": ("title", "track", "track_name", "track_title", "name", "song", "song_title"),
    "album": ("album", "album_name", "release_name"),
    "when": (
        *("uts", "timestamp", "listened_at", "played_at", "played_time", "time", "utc_time"),
        "date",
    ),
    "position": ("position",),
    "plays": ("plays", "play_count", "playcount"),
    "ms_played": ("ms_played",),
    "rating": ("rating",),
    "loved": ("loved", "love"),
    "skipped": ("skipped",),
    "split": ("split",),
}
_WITHOUT_HEADER = ("artist", "album", "title", "when")
_LOVED_COLUMNS = frozenset({"uts", "artist_mbid", "track_mbid"})
_LAST_FM_COLUMNS = frozenset({"uts", "utc_time", "track_mbid", "artist_mbid"})
# a table of tracks names tracks too, and may have a date and a rating; these only listens have
_OF_LISTENS = frozenset(
    {*COLUMNS["user_id"], *COLUMNS["when"], *COLUMNS["plays"], "position", "ms_played", "skipped"}
) - {"date"}
_OF_EITHER = frozenset({"date", "rating", *COLUMNS["loved"]})
_OF_TRACKS = frozenset({"path", "features", "file", "filename", "genre", "genres", "lyrics"})
_LOOKED_AT = 50  # records, before a table without a header is given up


class Layout:
    """Which cell of a row holds what."""

    def __init__(
        self,
        kind: str,
        places: Mapping[str, int],
        width: int,
        *,
        header: bool,
        loved: bool = False,
    ) -> None:
        self.kind = kind
        self.loved = loved
        self.width = width
        self.header = header
        self.names_listeners = "user_id" in places
        self._places = [places.get(name, width) for name in COLUMNS]  # the cell after the last

    def read(self, cells: Sequence[Any]) -> Heard:
        """Return what a row says.

        Raises
        ------
        Unusable
            If it says nothing that counts.
        """
        row = [*cells, *[None] * (self.width + 1 - len(cells))]
        (user, track, recording, isrc, artist, title, album, stated, *values) = (
            row[place] for place in self._places
        )
        user_id = read_id(_whole(user), "user id")
        if self.names_listeners and user_id is None:
            raise Unusable("the user id is empty")
        sought = Sought(
            read_id(_whole(track), "track id"),
            read_id(recording, "recording id"),
            read_id(isrc, "ISRC"),
            read_name(artist),
            read_name(title),
            read_name(album),
        )
        when = read_when(stated)
        if self.loved:
            return liked(user_id, check_named(sought), when)
        if self.kind == "lastfm" and when is None:
            raise Unusable("it plays now: it has no time", expected=True)
        position, plays, ms_played, rating, loves, skipped, split = values
        heard = Heard(
            user_id,
            check_named(sought),
            when,
            _known_or_not(position),
            _number(plays, "plays", 0.0),
            _number(ms_played, "ms_played", 0.0),
            _number(rating, "rating"),
            _truth(skipped),
        )
        if split:
            part, reason = read_split(str(split))
            if reason is not None:
                raise Unusable(reason)
            heard = heard._replace(split=part)
        if loves not in (None, ""):
            heard = _with_opinion(heard, loves)
        if when is None and heard.position is None:
            return heard._replace(total=heard.plays is not None or heard.rating is not None)
        return heard


def _with_opinion(heard: Heard, loves: Any) -> Heard:
    """Return a row with what its cell `loved` says; alone, it is an opinion and no listen."""
    try:
        loved = read_truth(loves)
    except ValueError:
        raise Unusable("loved is neither yes nor no") from None
    if loved is None or heard.rating is not None:
        return heard
    said = (heard.when, heard.position, heard.plays, heard.ms_played, heard.skipped)
    is_listen = said != (None,) * len(said)
    if not loved:
        return heard if is_listen else heard._replace(plays=0.0)
    # a row with nothing but a rating counts as no play
    plays = 1.0 if is_listen and heard.plays is None else heard.plays
    return heard._replace(rating=LIKED, plays=plays)


def layout_of(names: Iterable[Any]) -> Layout | None:
    """Return what a header's names say, None where they are none of listens."""
    plain = [clean_text(str(name)).casefold().replace(" ", "_").replace("-", "_") for name in names]
    places = {
        ours: next(plain.index(name) for name in theirs if name in plain)
        for ours, theirs in COLUMNS.items()
        if any(name in plain for name in theirs)
    }
    by_name = "artist" in places and "title" in places
    if not by_name and "track_id" not in places and "recording" not in places:
        return None
    if not _OF_LISTENS & set(plain) and (_OF_TRACKS & set(plain) or not _OF_EITHER & set(plain)):
        return None
    kind = "lastfm" if by_name and _LAST_FM_COLUMNS & set(plain) else "listens"
    loved = kind == "lastfm" and "album" not in places and set(plain) >= _LOVED_COLUMNS
    return Layout(kind, places, len(plain), header=True, loved=loved)


def layout_of_text(head: str) -> tuple[Layout, str] | None:
    r"""Return the layout of a CSV text and its separator, by its first lines; None if it has none.

    >>> layout, separator = layout_of_text("user_id;track_id\n1;2\n")
    >>> layout.kind, separator
    ('listens', ';')
    """
    lines = [line for line in head.splitlines()[:_LOOKED_AT] if line.strip()]
    if not lines:
        return None
    for separator in ",;\t":
        found = layout_of(_cells(lines[0], separator))
        if found is not None:
            return found, separator
    places = {name: place for place, name in enumerate(_WITHOUT_HEADER)}
    for separator in ",;\t":
        rows = [_cells(line, separator) for line in lines]
        if any(len(row) == 4 and read_when(row[3]) not in (None, NO_TIME) for row in rows):
            return Layout("lastfm", places, 4, header=False), separator
    return None


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _whole(value: Any) -> Any:
    """Return an id that a table holds as a float without its ``.0``."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any, name: str, lowest: float = float("-inf")) -> float | None:
    if value is None or value == "" or value != value:  # noqa: PLR0124  # NaN: unknown in parquet
        return None
    try:
        return read_number(value, lowest)
    except ValueError:
        rule = "a number from 0" if lowest == 0 else "a number"
        raise Unusable(f"{name} is not {rule}") from None


def _known_or_not(value: Any) -> float | None:
    try:
        return _number(value, "position", 0.0)
    except Unusable:
        return None


def _truth(value: Any) -> bool | None:
    try:
        return read_truth(value)
    except ValueError:
        return None
