"""Map the columns of a table of listens to the fields of import rows.

Conventions
-----------
- Columns are found by name, in any order (`LISTEN_ALIASES`); unknown ones are ignored.
- A row whose ids, `plays`, `ms_played`, `rating`, `loved` or `split` cannot be parsed is left out;
  a bad `position` or `skipped` is unknown.
- Rows with plays or a rating and neither time nor position are totals. A row of 0 plays without an
  opinion has no time: players list tracks that were never played.
- Ratings are on the scale of their table (`rating_values`, `segue.ratings`). `loved` is a like
  where there is no rating; a row that says nothing else is an opinion and no play. A Last.fm table
  without a column of albums lists loved tracks, which are no plays.
- A column `event`, as Pano Scrobbler writes it, says "scrobble", "love" or "unlove".

Sources: benjaminbenben.com/lastfm-to-csv; lastfm.ghan.nl/export; the privacy exports of Last.fm and
Tidal; github.com/kawaiiDango/pano-scrobbler, "Export to file".
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from segue.ratings import LIKED
from segue.sources.history_import.import_row import (
    ImportRow,
    UnusableRow,
    read_id,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.opinions import opinion_row
from segue.sources.history_import.table_mapping import TableMapping
from segue.sources.tables.columns import LISTEN_ALIASES, find_columns, plain_name
from segue.sources.tables.values import RULES, read_number, read_split, read_truth, whole_number
from segue.types import TrackReference

Value = TypeVar("Value")
_LOVED_COLUMNS = frozenset({"uts", "artist_mbid", "track_mbid"})
_LAST_FM_COLUMNS = frozenset({"uts", "utc_time", "track_mbid", "artist_mbid", "scrobble_time"})
# a table of tracks has names too, and may have a date and a rating; only listens have these
_ONLY_LISTENS = frozenset(
    {
        *(*LISTEN_ALIASES["user_id"], *LISTEN_ALIASES["timestamp"], *LISTEN_ALIASES["plays"]),
        *("position", "session_id", "ms_played", "skipped"),
    }
) - {"date"}
_LISTENS_OR_TRACKS = frozenset({"date", "rating", *LISTEN_ALIASES["loved"]})
NO_COLUMNS: Mapping[str, str] = {}
_ONLY_TRACKS = frozenset({"path", "features", "file", "filename", "genre", "genres", "lyrics"})
_SCORES = {"love": 1, "unlove": 0}
_ENDED = ("completed", "recommended", "private")


class ColumnMapping(TableMapping):
    """The place of each field in the rows of one table, and the format they come from."""

    def __init__(
        self,
        kind: str,
        places: Mapping[str, int],
        width: int,
        *,
        has_header: bool,
        lists_loved: bool = False,
        event_place: int | None = None,
    ) -> None:
        super().__init__(kind, width, has_header=has_header)
        self.has_plays = "plays" in places
        self.rating_place = places.get("rating")
        self._lists_loved = lists_loved
        self._event_place = event_place
        self._names_users = "user_id" in places
        self._says_skips = "skipped" in places
        # a column that is not there is the cell after the last
        self._places = [places.get(name, width) for name in LISTEN_ALIASES]

    def parse(self, cells: Sequence[Any]) -> Iterator[ImportRow]:
        """Yield the listen, total or opinion of one row.

        Raises
        ------
        UnusableRow
            A value cannot be parsed, or the track plays now.
        """
        yield self._parse(cells)

    def _parse(self, cells: Sequence[Any]) -> ImportRow:
        padded = [*cells, *[None] * (self.width + 1 - len(cells))]
        (user, track_id, recording, isrc, artist, title, album, stated, *values) = (
            padded[place] for place in self._places
        )
        user_id = read_id(whole_number(user), "user id")
        if self._names_users and user_id is None:
            raise UnusableRow("the user id is empty")
        track = TrackReference(
            read_id(whole_number(track_id), "track id"),
            read_id(recording, "recording id"),
            read_id(isrc, "ISRC"),
            read_name(artist),
            read_name(title),
            read_name(album),
        )
        timestamp = read_timestamp(stated)
        score = 1 if self._lists_loved else self._score(padded)
        if score is not None:
            return opinion_row(user_id, require_track(track), timestamp, score)
        if self.kind == "lastfm" and timestamp is None:
            raise UnusableRow("it is playing now and is not a listen yet", expected=True)
        position, session, plays, ms_played, rating, loved, skipped, *ended, split = values
        row = ImportRow(
            user_id,
            require_track(track),
            timestamp,
            _or_unknown(_number, position, "position", 0.0),
            _number(plays, "plays", 0.0),
            _number(ms_played, "ms_played", 0.0),
            self.scale.opinion(_number(rating, "rating")),
            _or_unknown(_checked, "skipped", read_truth, skipped),
        )
        if any(cell not in (None, "") for cell in ended):
            read = [
                _or_unknown(_checked, name, read_truth, cell)
                for name, cell in zip(_ENDED, ended, strict=True)
            ]
            row = row._replace(completed=read[0], recommended=read[1], private=read[2])
        if self._says_skips and row.skipped is None and row.ms_played is not None:
            row = row._replace(skipped=False)
        if session not in (None, "") and session == session:  # noqa: PLR0124  # NaN: unknown
            named = _or_unknown(read_id, whole_number(session), "session id")
            row = row._replace(session_id=named)
        if split:
            row = row._replace(split=_checked("split", read_split, split))
        if loved not in (None, ""):
            row = _with_opinion(row, _checked("loved", read_truth, loved))
        elif row.plays == 0 and row.rating is None:
            row = row._replace(timestamp=None)  # with a time it would be an opinion taken back
        if row.timestamp is None and row.position is None:
            return row._replace(total=row.plays is not None or row.rating is not None)
        return row

    def _score(self, cells: Sequence[Any]) -> int | None:
        """Return the score of an event that is an opinion, None for a listen."""
        event = "" if self._event_place is None else str(cells[self._event_place] or "").strip()
        if event.casefold() in ("", "scrobble"):
            return None
        if event.casefold() not in _SCORES:
            raise UnusableRow(f"the event {event[:40]!r} is no listen", expected=True)
        return _SCORES[event.casefold()]


def map_columns(
    names: Iterable[Any], chosen: Mapping[str, str] = NO_COLUMNS
) -> ColumnMapping | None:
    """Return the mapping of a header, None if the table has no listens.

    `chosen` gives the name of the column of some fields (`column_field`): they are used instead of
    the names that segue knows, and the table counts as one of listens.
    """
    header = list(map(str, names))
    ordered = list(map(plain_name, header))
    plain = set(ordered)
    own = {
        field: ordered.index(plain_name(name))
        for field, name in chosen.items()
        if plain_name(name) in plain
    }
    known = find_columns(header, LISTEN_ALIASES)
    places = {name: place for name, place in known.items() if place not in own.values()} | own
    by_name = "artist" in places and "title" in places
    if not by_name and "track_id" not in places and "recording" not in places:
        return None
    if (
        not own
        and not _ONLY_LISTENS & plain
        and (_ONLY_TRACKS & plain or not _LISTENS_OR_TRACKS & plain)
    ):
        return None
    kind = "lastfm" if by_name and _LAST_FM_COLUMNS & plain else "listens"
    lists_loved = kind == "lastfm" and "album" not in places and plain >= _LOVED_COLUMNS
    event = ordered.index("event") if {"event", "timems"} <= plain else None
    return ColumnMapping(
        kind, places, len(header), has_header=True, lists_loved=lists_loved, event_place=event
    )


def column_field(name: str) -> str | None:
    """Return the field that a name of a column stands for, None if there is none.

    >>> column_field("when"), column_field("Title"), column_field("mood")
    ('timestamp', 'title', None)
    """
    plain = plain_name(name)
    if plain in LISTEN_ALIASES:
        return plain
    if plain == "when":
        return "timestamp"
    return next((field for field, names in LISTEN_ALIASES.items() if plain in names), None)


def _with_opinion(row: ImportRow, loved: bool | None) -> ImportRow:
    """Return a row with its `loved` as a rating, if it has none."""
    if loved is None or row.rating is not None:
        return row
    facts = (row.timestamp, row.position, row.plays, row.ms_played, row.skipped)
    is_listen = any(fact is not None for fact in facts)
    if not loved:
        return row if is_listen else row._replace(plays=0.0)
    # a row with nothing but a rating counts as no play
    plays = 1.0 if is_listen and row.plays is None else row.plays
    return row._replace(rating=LIKED, plays=plays)


def _number(value: Any, name: str, lowest: float = float("-inf")) -> float | None:
    if value is None or value == "" or value != value:  # noqa: PLR0124  # NaN: unknown in parquet
        return None
    return _checked(name, read_number, value, lowest)


def _checked(name: str, read: Callable[..., Value], *arguments: Any) -> Value:
    """Return the value of a cell.

    Raises
    ------
    UnusableRow
        The cell cannot be parsed.
    """
    try:
        return read(*arguments)
    except ValueError:
        raise UnusableRow(f"{name} is not {RULES[name]}") from None


def _or_unknown(read: Callable[..., Value | None], *arguments: Any) -> Value | None:
    try:
        return read(*arguments)
    except UnusableRow:
        return None
