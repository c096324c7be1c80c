"""Reading the library of beets, another program's SQLite database, without writing to it.

Conventions
-----------
- An item is one row of `items`; what plugins know of it stands in `item_attributes`, as text by
  key. Rows come as plain mappings, with those of `COLUMNS` and `ATTRIBUTES` that are known.
- It is opened read-only, and as immutable where SQLite would have to write beside it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from segue.errors import DatasetError

COLUMNS = ("artist", "title", "album", "mb_trackid", "isrc")
ATTRIBUTES = (
    *("play_count", "skip_count", "last_played", "rating"),  # mpdstats
    *("lastfm_play_count", "listenbrainz_play_count"),  # lastimport and lbimport
    *("plex_viewcount", "plex_skipcount", "plex_lastviewedat", "plex_userrating"),  # plexsync
    "stars",
)
_NEEDED = {"items": "title", "item_attributes": "entity_id"}


def is_beets(path: Path) -> bool:
    """Say whether a database is one of beets."""
    try:
        with closing(_open(path)) as connection:
            return all(column in _columns(connection, table) for table, column in _NEEDED.items())
    except sqlite3.Error:
        return False


def read_beets(path: Path) -> Iterator[dict[str, Any]]:
    """Give the items of a beets library, one after the other.

    Raises
    ------
    DatasetError
        It is damaged, or locked. What was given until then holds.
    """
    try:
        with closing(_open(path)) as connection:
            there = _columns(connection, "items")
            columns = [f"i.{name}" for name in COLUMNS if name in there]
            # some of what plugins keep was a column of items once
            columns += [
                f"i.{name}"
                if name in there
                else "(SELECT value FROM item_attributes"  # noqa: S608  # our own names
                f" WHERE entity_id = i.id AND key = '{name}') AS {name}"
                for name in ATTRIBUTES
            ]
            query = f"SELECT {', '.join(columns)} FROM items AS i ORDER BY i.id"  # noqa: S608  # our own names
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            for row in cursor:
                known = zip(names, row, strict=True)
                yield {name: value for name, value in known if value is not None}
    except sqlite3.Error as error:
        raise DatasetError(
            f"{path.name} cannot be read further ({error}): let beets finish, or mend it with"
            " sqlite3's .recover, and import it again."
        ) from error


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
