"""Read plays, skips and ratings from the collection of Strawberry (``strawberry.db``).

Conventions
-----------
- A row of `songs` is one file, also on other sources than the disk. -1 is unknown everywhere.
- A rating is a share of five stars, from 0 to 1. `lastplayed` is in seconds since 1970.
- Clementine, from which Strawberry comes, has the same table and is read as well.

Source: github.com/strawberrymusicplayer/strawberry, data/schema/schema.sql.
"""

from collections.abc import Iterator

from segue.ratings import STARS
from segue.sources.history_import.import_row import ImportIssue, ImportRow, read_id, read_name
from segue.sources.history_import.sqlite_files import (
    Connection,
    Row,
    each_row,
    optional,
    usable_rows,
)
from segue.sources.history_import.totals import (
    Counters,
    count,
    known_number,
    last_time,
    total_rows,
)
from segue.types import TrackReference

REQUIRED = {"songs": ("title", "artist", "playcount", "skipcount", "lastplayed", "rating")}
_COLUMNS = (
    *("title", "artist", "album", "playcount", "skipcount", "lastplayed", "rating"),
    "musicbrainz_recording_id",
)


def read_strawberry(connection: Connection) -> Iterator[ImportRow | ImportIssue]:
    """Yield the totals of every song."""
    columns = optional(connection, "songs", "s", _COLUMNS)
    query = f"SELECT {columns} FROM songs AS s ORDER BY s.rowid"  # noqa: S608  # our own names
    for row in each_row(connection, query):
        yield from usable_rows(_totals(row))


def _totals(row: Row) -> Iterator[ImportRow]:
    track = TrackReference(
        recording=read_id(row["musicbrainz_recording_id"], "recording id"),
        artist=read_name(row["artist"]),
        title=read_name(row["title"]),
        album=read_name(row["album"]),
    )
    rating = known_number(row["rating"], "rating")
    counters = Counters(
        count(row["playcount"], "playcount"),
        count(row["skipcount"], "skipcount"),
        None if rating is None or rating < 0 else STARS.opinion(5 * rating),
        last_time(row["lastplayed"]),
    )
    yield from total_rows(None, track, counters)
