"""Read plays, stars and ratings from the database of Navidrome (``navidrome.db``).

Conventions
-----------
- `annotation` has a row for each user and track: plays, the last of them, a rating from 1 to 5 (0
  for none) and a star, which is a like.
- Newer versions also keep each play in `scrobbles`, with its time: these are listens, and the rest
  of the plays a total.

Source: github.com/navidrome/navidrome, db/migrations.
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
from segue.sources.history_import.sqlite_files import (
    Connection,
    Row,
    columns_of,
    each_row,
    optional,
    usable_rows,
)
from segue.sources.history_import.totals import (
    Counters,
    count,
    known_number,
    last_time,
    opinion,
    total_rows,
)
from segue.types import TrackReference

REQUIRED = {
    "annotation": ("user_id", "item_id", "item_type", "play_count", "starred"),
    "media_file": ("id", "title", "artist"),
    "user": ("id", "user_name"),
}
_TRACK = ("title", "artist", "album", "mbz_recording_id", "mbz_track_id")


def read_navidrome(connection: Connection) -> Iterator[ImportRow | ImportIssue]:
    """Yield listens and totals of every user."""
    track = optional(connection, "media_file", "m", _TRACK)
    scrobbled = "0"
    if columns_of(connection, "scrobbles") >= {"media_file_id", "user_id", "submission_time"}:
        scrobbled = (
            "(SELECT count(*) FROM scrobbles AS s WHERE s.user_id = a.user_id"
            " AND s.media_file_id = a.item_id)"
        )
        for row in each_row(
            connection,
            f"SELECT u.user_name, s.submission_time, {track} FROM scrobbles AS s"  # noqa: S608  # our own names
            " JOIN user AS u ON u.id = s.user_id JOIN media_file AS m ON m.id = s.media_file_id"
            " ORDER BY s.submission_time",
        ):
            yield from usable_rows(_listen(row))
    for row in each_row(
        connection,
        "SELECT u.user_name, a.play_count, a.play_date, a.rating, a.starred,"  # noqa: S608  # our own names
        f" {scrobbled} AS scrobbled, {track} FROM annotation AS a JOIN user AS u"
        " ON u.id = a.user_id JOIN media_file AS m ON m.id = a.item_id"
        " WHERE a.item_type = 'media_file' ORDER BY a.user_id, a.item_id",
    ):
        yield from usable_rows(_totals(row))


def _listen(row: Row) -> Iterator[ImportRow]:
    user = read_id(row["user_name"], "user name")
    yield ImportRow(user, require_track(_track(row)), read_timestamp(row["submission_time"]))


def _totals(row: Row) -> Iterator[ImportRow]:
    plays = count(row["play_count"], "play_count") - row["scrobbled"]
    rating = STARS.opinion(known_number(row["rating"], "rating"))
    counters = Counters(
        max(plays, 0.0),
        0.0,
        opinion(rating, loved=row["starred"] in (1, True)),
        last_time(row["play_date"]),
    )
    yield from total_rows(read_id(row["user_name"], "user name"), _track(row), counters)


def _track(row: Row) -> TrackReference:
    return TrackReference(
        recording=read_id(row["mbz_recording_id"] or row["mbz_track_id"], "recording id"),
        artist=read_name(row["artist"]),
        title=read_name(row["title"]),
        album=read_name(row["album"]),
    )
