"""Read plays, skips and ratings of music from the database of Plex.

The database is ``com.plexapp.plugins.library.db``.

Conventions
-----------
- `metadata_item_settings` has a row for each account and item, by the `guid` of the item: plays,
  skips, and a rating from 0 to 10, which is twice the stars. Tracks are items of type 10; their
  parent is the album, the parent of that the artist.
- `metadata_item_views` has a row for each play, with its time and the names of then: these are
  listens, and the rest of the plays a total.

Source: the schema of the database, as in github.com/cgnl/plex-postgresql, and
support.plex.tv/articles/201100678-metadata-agents.
"""

from collections.abc import Iterator

from segue.ratings import STARS
from segue.sources.history_import.import_row import (
    ImportIssue,
    ImportRow,
    read_id,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.sqlite_files import Connection, Row, each_row, usable_rows
from segue.sources.history_import.totals import (
    Counters,
    count,
    known_number,
    last_time,
    total_rows,
)
from segue.types import TrackReference

REQUIRED = {
    "metadata_item_settings": ("account_id", "guid", "rating", "view_count", "skip_count"),
    "metadata_item_views": ("account_id", "guid", "metadata_type", "viewed_at"),
    "metadata_items": ("guid", "metadata_type", "title", "parent_id"),
    "accounts": ("id", "name"),
}
_VIEWS = """
SELECT a.name AS user, v.viewed_at, v.title, v.parent_title AS album,
  coalesce(nullif(t.original_title, ''), v.grandparent_title) AS artist
FROM metadata_item_views AS v LEFT JOIN accounts AS a ON a.id = v.account_id
LEFT JOIN (SELECT guid, min(id) AS id FROM metadata_items WHERE metadata_type = 10 GROUP BY guid)
  AS one ON one.guid = v.guid
LEFT JOIN metadata_items AS t ON t.id = one.id
WHERE v.metadata_type = 10 ORDER BY v.viewed_at
"""
_SETTINGS = """
SELECT a.name AS user, s.view_count, s.skip_count, s.rating, s.last_viewed_at, t.title,
  album.title AS album, coalesce(nullif(t.original_title, ''), artist.title) AS artist,
  (SELECT count(*) FROM metadata_item_views AS v WHERE v.guid = s.guid
   AND v.account_id = s.account_id) AS views
FROM metadata_item_settings AS s
JOIN (SELECT guid, min(id) AS id FROM metadata_items WHERE metadata_type = 10 GROUP BY guid) AS one
  ON one.guid = s.guid
JOIN metadata_items AS t ON t.id = one.id
LEFT JOIN metadata_items AS album ON album.id = t.parent_id
LEFT JOIN metadata_items AS artist ON artist.id = album.parent_id
LEFT JOIN accounts AS a ON a.id = s.account_id
ORDER BY s.account_id, t.id
"""


def read_plex(connection: Connection) -> Iterator[ImportRow | ImportIssue]:
    """Yield listens and totals of every account."""
    for row in each_row(connection, _VIEWS):
        yield from usable_rows(_listen(row))
    for row in each_row(connection, _SETTINGS):
        yield from usable_rows(_totals(row))


def _listen(row: Row) -> Iterator[ImportRow]:
    user = read_id(row["user"], "account name")
    yield ImportRow(user, require_track(_track(row)), read_timestamp(row["viewed_at"]))


def _totals(row: Row) -> Iterator[ImportRow]:
    rating = known_number(row["rating"], "rating")
    counters = Counters(
        max(count(row["view_count"], "view_count") - row["views"], 0.0),
        count(row["skip_count"], "skip_count"),
        None if rating is None or rating < 0 else STARS.opinion(rating / 2),
        last_time(row["last_viewed_at"]),
    )
    yield from total_rows(read_id(row["user"], "account name"), _track(row), counters)


def _track(row: Row) -> TrackReference:
    return TrackReference(
        artist=read_name(row["artist"]),
        title=read_name(row["title"]),
        album=read_name(row["album"]),
    )
