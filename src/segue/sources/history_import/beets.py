"""Read plays, skips and ratings from the library of beets, another program's SQLite database.

Conventions
-----------
- An item is one row of `items`; plugins keep their values in `item_attributes`, as text by key.
- One item gives at most two totals: its plays, with its rating, and its skips. Items without any of
  them give none.
- Play counts of several plugins (mpdstats, lastimport, lbimport, plexsync) count the same plays in
  different places: the largest is used.
- Ratings are stars from 1 to 5 (`stars`, and those of Plex halved). Those of mpdstats are computed
  from plays and skips, so they are no opinion.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from segue.ratings import STARS
from segue.sources.history_import.import_row import (
    ImportIssue,
    ImportRow,
    UnusableRow,
    read_id,
    read_name,
)
from segue.sources.history_import.sqlite_files import Connection, columns_of, each_row, usable_rows
from segue.sources.history_import.totals import Counters, total_rows
from segue.sources.tables.values import read_number, read_time
from segue.types import TrackReference

ITEM_COLUMNS = ("artist", "title", "album", "mb_trackid", "isrc")
_ATTRIBUTES = (
    *("play_count", "skip_count", "last_played"),  # mpdstats
    *("lastfm_play_count", "listenbrainz_play_count"),  # lastimport and lbimport
    *("plex_viewcount", "plex_skipcount", "plex_lastviewedat", "plex_userrating"),  # plexsync
    "stars",
)
REQUIRED = {"items": ("title",), "item_attributes": ("entity_id",)}
_PLAYS = ("play_count", "lastfm_play_count", "listenbrainz_play_count", "plex_viewcount")
_SKIPS = ("skip_count", "plex_skipcount")
_LAST_PLAYED = ("last_played", "plex_lastviewedat")
_STARS = (("stars", 1.0), ("plex_userrating", 0.5))


def read_beets(connection: Connection) -> Iterator[ImportRow | ImportIssue]:
    """Yield the totals of every item."""
    for item in _items(connection):
        yield from usable_rows(_rows_of(item))


def item_reference(item: Mapping[str, Any]) -> TrackReference:
    """Return the track of an item by its ids and names.

    Raises
    ------
    UnusableRow
        An id or name is too long.
    """
    return TrackReference(
        recording=read_id(item.get("mb_trackid"), "recording id"),
        isrc=read_id(item.get("isrc"), "ISRC"),
        artist=read_name(item.get("artist")),
        title=read_name(item.get("title")),
        album=read_name(item.get("album")),
    )


def _items(connection: Connection) -> Iterator[Mapping[str, Any]]:
    present = columns_of(connection, "items")
    columns = [f"i.{name}" for name in ITEM_COLUMNS if name in present]
    # some values of plugins were once a column of items
    columns += [
        f"i.{name}"
        if name in present
        else "(SELECT value FROM item_attributes"  # noqa: S608  # our own names
        f" WHERE entity_id = i.id AND key = '{name}') AS {name}"
        for name in _ATTRIBUTES
    ]
    query = f"SELECT {', '.join(columns)} FROM items AS i ORDER BY i.id"  # noqa: S608  # our own names
    for row in each_row(connection, query):
        yield {name: value for name, value in row.items() if value is not None}


def _rows_of(item: Mapping[str, Any]) -> Iterator[ImportRow]:
    """Yield the totals of an item.

    Raises
    ------
    UnusableRow
        It names no track, or a count is negative or not a number.
    """
    plays, skips = (max(_numbers(item, names), default=0.0) for names in (_PLAYS, _SKIPS))
    last = max(_times(item), default=None)
    track = item_reference(item)
    yield from total_rows(None, track, Counters(plays, skips, _rating(item), last))


def _numbers(item: Mapping[str, Any], names: tuple[str, ...]) -> list[float]:
    found = []
    for name in names:
        try:
            number = read_number(item.get(name), 0.0)
        except ValueError:
            raise UnusableRow(f"{name} is not a number, 0 or more") from None
        if number is not None:
            found.append(number)
    return found


def _times(item: Mapping[str, Any]) -> list[float]:
    found = []
    for name in _LAST_PLAYED:
        try:
            found.append(read_time(item.get(name)))
        except ValueError:
            continue  # a total counts without its time
    return [timestamp for timestamp in found if timestamp]


def _rating(item: Mapping[str, Any]) -> float | None:
    for name, stars in _STARS:
        for value in _numbers(item, (name,)):
            return STARS.opinion(value * stars)
    return None
