"""Read plays, skips and ratings from the library of beets, another program's SQLite database.

Conventions
-----------
- The database is opened read-only, and as immutable where SQLite would have to write next to it.
- An item is one row of `items`; plugins keep their values in `item_attributes`, as text by key.
- One item gives at most two totals: its plays, with its rating, and its skips. Items without any of
  them give none.
- Play counts of several plugins (mpdstats, lastimport, lbimport, plexsync) count the same plays in
  different places: the largest is used.
- Ratings are stars from 1 to 5 (`stars`, and those of Plex halved). Those of mpdstats are computed
  from plays and skips, so they are no opinion.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from segue.ratings import STARS
from segue.sources.history_import.import_row import (
    ImportIssue,
    ImportRow,
    UnusableRow,
    read_id,
    read_name,
    require_track,
)
from segue.sources.tables.values import read_number, read_time
from segue.types import TrackReference

_COLUMNS = ("artist", "title", "album", "mb_trackid", "isrc")
_ATTRIBUTES = (
    *("play_count", "skip_count", "last_played"),  # mpdstats
    *("lastfm_play_count", "listenbrainz_play_count"),  # lastimport and lbimport
    *("plex_viewcount", "plex_skipcount", "plex_lastviewedat", "plex_userrating"),  # plexsync
    "stars",
)
_REQUIRED = {"items": "title", "item_attributes": "entity_id"}
_PLAYS = ("play_count", "lastfm_play_count", "listenbrainz_play_count", "plex_viewcount")
_SKIPS = ("skip_count", "plex_skipcount")
_LAST_PLAYED = ("last_played", "plex_lastviewedat")
_STARS = (("stars", 1.0), ("plex_userrating", 0.5))


def is_beets(path: Path) -> bool:
    """Return whether an SQLite database is the library of beets."""
    try:
        with closing(_open(path)) as connection:
            return all(column in _columns(connection, table) for table, column in _REQUIRED.items())
    except sqlite3.Error:
        return False


def read_beets(path: Path) -> Iterator[ImportRow | ImportIssue]:
    """Yield the totals of every item, and an issue where the database is damaged or locked."""
    try:
        for item in _items(path):
            try:
                yield from _rows_of(item)
            except UnusableRow as why:
                yield ImportIssue(why.reason, expected=why.expected)
    except sqlite3.Error as error:
        reason = (
            f"{path.name} cannot be read further ({error}): let beets finish, or repair it with"
            " sqlite3's .recover, and import it again."
        )
        yield ImportIssue(reason, left_out=0)


def _items(path: Path) -> Iterator[Mapping[str, Any]]:
    with closing(_open(path)) as connection:
        present = _columns(connection, "items")
        columns = [f"i.{name}" for name in _COLUMNS if name in present]
        # some values of plugins were once a column of items
        columns += [
            f"i.{name}"
            if name in present
            else "(SELECT value FROM item_attributes"  # noqa: S608  # our own names
            f" WHERE entity_id = i.id AND key = '{name}') AS {name}"
            for name in _ATTRIBUTES
        ]
        query = f"SELECT {', '.join(columns)} FROM items AS i ORDER BY i.id"  # noqa: S608  # our own names
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            cells = zip(names, row, strict=True)
            yield {name: value for name, value in cells if value is not None}


def _open(path: Path) -> sqlite3.Connection:
    name = quote(str(path.absolute()))
    connection = sqlite3.connect(f"file:{name}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode(errors="replace")
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # a write-ahead log in a directory that we may not write to
        connection.close()
        connection = sqlite3.connect(f"file:{name}?mode=ro&immutable=1", uri=True)
        connection.text_factory = lambda raw: raw.decode(errors="replace")
    return connection


def _columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _rows_of(item: Mapping[str, Any]) -> Iterator[ImportRow]:
    """Yield the totals of an item.

    Raises
    ------
    UnusableRow
        It names no track, or a count is negative or not a number.
    """
    plays, skips = (max(_numbers(item, names), default=0.0) for names in (_PLAYS, _SKIPS))
    rating = _rating(item)
    if not plays and not skips and rating is None:
        return
    track = require_track(
        TrackReference(
            recording=read_id(item.get("mb_trackid"), "recording id"),
            isrc=read_id(item.get("isrc"), "ISRC"),
            artist=read_name(item.get("artist")),
            title=read_name(item.get("title")),
            album=read_name(item.get("album")),
        )
    )
    if plays or rating is not None:
        last = max(_times(item), default=None)
        yield ImportRow(None, track, last, plays=plays or None, rating=rating, total=True)
    if skips:
        yield ImportRow(None, track, None, plays=skips, skipped=True, total=True)


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
