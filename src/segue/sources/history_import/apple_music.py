"""Read the tables of Apple Music's privacy export.

Conventions
-----------
- ``Apple Music Play Activity.csv``: a row for each event. `Event Start Timestamp` is the start of
  the listen, `Play Duration Milliseconds` what was heard. Rows of the start of a listen
  (`PLAY_START`) repeat what the row of its end says.
- `End Reason Type`: the track ended by itself (NATURAL_END_OF_TRACK), or the listener moved on
  (`_SKIPS`); with all other reasons (pause, error, end of the session) the listener did not.
- ``Apple Music - Play History Daily Tracks.csv``: rows for each track and day, with numbers of
  plays and skips: several by device, hours and reason of the end. They are summed to a total of
  the day (`daily_totals`). `Track Description` is "artist - title", `Date Played` 20230131.
- Both tables have the same listens: of an archive with both, one is read (`repeated_tables`). Apple
  often leaves the artists out of the first one; then it is the second.
- Listens that Apple ignores for recommendations (`Ignore For Recommendations`) are private.

Source: privacy.apple.com, "Apple Media Services information", folder "Apple Music Activity".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from segue.sources.history_import.import_row import (
    NO_TIME,
    ImportIssue,
    ImportRow,
    UnusableRow,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.table_mapping import TableMapping
from segue.sources.tables.columns import plain_name
from segue.sources.tables.values import read_number, read_truth
from segue.types import TrackReference

ACTIVITY: Final = "play activity"
DAILY: Final = "daily tracks"
NAMELESS_ACTIVITY: Final = "play activity without artists"
_REQUIRED = {
    ACTIVITY: frozenset({"song_name", "event_start_timestamp", "play_duration_milliseconds"}),
    DAILY: frozenset({"track_description", "date_played", "play_count"}),
}
_COMPLETED = "NATURAL_END_OF_TRACK"
_SKIPS = frozenset({"TRACK_SKIPPED_FORWARDS", "MANUALLY_SELECTED_PLAYBACK_OF_A_DIFF_ITEM"})
_NOON_SECONDS = 43_200.0
_NAMED_SHARE = 0.1
"""The share of listens with an artist from which on the table of activity is the one to read."""


def apple_table(names: Iterable[Any]) -> str | None:
    """Return which of the tables has a header of these `names`, None if neither has."""
    plain = {plain_name(str(name)) for name in names}
    return next((table for table, columns in _REQUIRED.items() if plain >= columns), None)


def names_artists(rows: Iterable[ImportRow | ImportIssue]) -> bool:
    """Return whether listens have artists, but for a few."""
    named = [one.track.artist is not None for one in rows if isinstance(one, ImportRow)]
    return not named or sum(named) >= _NAMED_SHARE * len(named)


def repeated_tables(tables: Mapping[str, str]) -> list[str]:
    """Return the parts of an archive with listens that a better table has, too.

    >>> repeated_tables({"a.csv": ACTIVITY, "b.csv": DAILY})
    ['b.csv']
    >>> repeated_tables({"a.csv": NAMELESS_ACTIVITY, "b.csv": DAILY})
    ['a.csv']
    """
    order = (ACTIVITY, DAILY, NAMELESS_ACTIVITY)
    best = min(tables.values(), key=order.index, default=None)
    return [name for name, table in tables.items() if table != best]


def daily_totals(
    rows: Iterable[ImportRow | ImportIssue],
) -> Iterator[ImportRow | ImportIssue]:
    """Yield one total for each track, day and kind of end, and issues as they come."""
    plays: dict[ImportRow, float] = {}
    for one in rows:
        if isinstance(one, ImportRow):
            key = one._replace(plays=None, total=True)
            plays[key] = plays.get(key, 0.0) + (one.plays or 0.0)
        else:
            yield one
    for key, number in plays.items():
        yield key._replace(plays=number)


class AppleMapping(TableMapping):
    """The place of each column in one of the tables."""

    def __init__(self, table: str, names: Sequence[Any]) -> None:
        super().__init__("apple", len(names), has_header=True)
        self.table = table
        self._columns = {plain_name(str(name)): place for place, name in enumerate(names)}

    def parse(self, cells: Sequence[Any]) -> Iterator[ImportRow]:
        """Yield the listens of one row.

        Raises
        ------
        UnusableRow
            It is no listen, names no track, or a value cannot be parsed.
        """
        fields = {name: cells[place] for name, place in self._columns.items() if place < len(cells)}
        yield from _activity(fields) if self.table == ACTIVITY else _daily(fields)


def _activity(fields: Mapping[str, Any]) -> Iterator[ImportRow]:
    if fields.get("event_type") not in (None, "", "PLAY_END"):
        raise UnusableRow("it is not the end of a listen", expected=True)
    title = read_name(fields.get("song_name"))
    if title is None:
        raise UnusableRow("it is a radio station or a video, not a track", expected=True)
    artist = fields.get("artist_name") or fields.get("container_artist_name")
    album = fields.get("album_name") or fields.get("container_album_name")
    track = TrackReference(artist=read_name(artist), title=title, album=read_name(album))
    played = _number(fields.get("play_duration_milliseconds"), "Play Duration Milliseconds")
    started = read_timestamp(fields.get("event_start_timestamp"))
    if started is None:
        ended = read_timestamp(fields.get("event_end_timestamp"))
        started = ended - (played or 0.0) / 1e3 if ended else ended
    reason = fields.get("end_reason_type")
    yield ImportRow(
        None,
        track,
        started,
        ms_played=played,
        skipped=reason in _SKIPS if reason else None,
        completed=True if reason == _COMPLETED else None,
    )


def _daily(fields: Mapping[str, Any]) -> Iterator[ImportRow]:
    artist, between, title = str(fields.get("track_description") or "").partition(" - ")
    track = require_track(
        TrackReference(
            artist=read_name(artist) if between else None,
            title=read_name(title if between else artist),
        )
    )
    private = _truth(fields.get("ignore_for_recommendations")) or None
    day = _day(fields.get("date_played"))
    plays = _number(fields.get("play_count"), "Play Count")
    skips = _number(fields.get("skip_count"), "Skip Count")
    if plays:
        yield ImportRow(None, track, day, plays=plays, private=private)
    if skips:
        # the time differs, because a play and a skip of one day are two listens
        skipped_at = day + 1.0 if day else day
        yield ImportRow(None, track, skipped_at, plays=skips, skipped=True, private=private)


def _day(value: Any) -> float:
    """Return noon of a day: the table does not say more."""
    text = str(value or "").strip().replace("-", "")
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).timestamp() + _NOON_SECONDS
    except ValueError:
        return NO_TIME


def _number(value: Any, name: str) -> float | None:
    try:
        found = read_number(value)
    except ValueError:
        raise UnusableRow(f"{name} is not a number") from None
    # Apple writes negative durations where a clock was set back
    return None if found is None or found < 0 else found


def _truth(value: Any) -> bool | None:
    try:
        return read_truth(value)
    except ValueError:
        return None
