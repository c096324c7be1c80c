"""Read plays, favorites and ratings of music from the databases of Jellyfin.

Conventions
-----------
- Since version 10.11 all is in ``jellyfin.db``: `UserData` by user and item, `BaseItems`, `Users`.
- Earlier versions have `UserDatas` and `TypedBaseItems` in ``library.db``, joined by the item's
  `UserDataKey`; the names of users are in ``jellyfin.db`` of the same directory. Without that file
  users are called "jellyfin 1", "jellyfin 2".
- A favorite is a like. A rating is a number from 1 to 10: 10 for "like", 1 for "dislike".
- Several artists of a track are joined by ``|``.

Sources: github.com/jellyfin/jellyfin, Jellyfin.Database.Implementations/Entities (UserData,
BaseItemEntity); Emby.Server.Implementations/Data/SqliteUserDataRepository.cs (10.10).
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from segue.ratings import RatingScale
from segue.sources.history_import.import_row import ImportIssue, ImportRow, read_id, read_name
from segue.sources.history_import.json_fields import joined_names
from segue.sources.history_import.sqlite_files import (
    Connection,
    DatabaseError,
    Row,
    each_row,
    has_columns,
    open_database,
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
    "UserData": ("ItemId", "UserId", "PlayCount", "IsFavorite"),
    "BaseItems": ("Id", "Type", "Name", "Artists", "Album"),
    "Users": ("Id", "Username"),
}
REQUIRED_BEFORE = {
    "UserDatas": ("key", "userId", "playCount", "isFavorite"),
    "TypedBaseItems": ("type", "Name", "Artists", "Album", "UserDataKey"),
}
_NAMES = {"Users": ("InternalId", "Username")}
_AUDIO = "MediaBrowser.Controller.Entities.Audio.Audio"
_SCALE = RatingScale(1.0, 10.0, zero_is_unrated=True)
_QUERY = f"""
SELECT u.Username AS user, max(d.PlayCount) AS plays, max(d.IsFavorite) AS favorite,
  max(d.Rating) AS rating, max(d.LastPlayedDate) AS played, i.Name AS title, i.Artists AS artists,
  i.Album AS album
FROM UserData AS d JOIN BaseItems AS i ON i.Id = d.ItemId
JOIN Users AS u ON u.Id = d.UserId COLLATE NOCASE
WHERE i.Type = '{_AUDIO}' GROUP BY d.UserId, d.ItemId ORDER BY u.Username, d.ItemId
"""  # noqa: S608  # our own names
_QUERY_BEFORE = f"""
SELECT d.userId AS number, d.playCount AS plays, d.isFavorite AS favorite, d.rating AS rating,
  d.lastPlayedDate AS played, i.Name AS title, i.Artists AS artists, i.Album AS album
FROM UserDatas AS d JOIN TypedBaseItems AS i ON i.UserDataKey = d.key
WHERE i.type = '{_AUDIO}' GROUP BY d.userId, d.key ORDER BY d.userId, d.key
"""  # noqa: S608  # our own names


def read_jellyfin(connection: Connection) -> Iterator[ImportRow | ImportIssue]:
    """Yield totals of every user of ``jellyfin.db``."""
    for row in each_row(connection, _QUERY):
        yield from usable_rows(_totals(row, row["user"]))


def read_jellyfin_before(connection: Connection, path: Path) -> Iterator[ImportRow | ImportIssue]:
    """Yield totals of every user of the ``library.db`` of an earlier version at `path`."""
    names = _names_next_to(path)
    for row in each_row(connection, _QUERY_BEFORE):
        number = row["number"]
        yield from usable_rows(_totals(row, names.get(number, f"jellyfin {number}")))


def _names_next_to(path: Path) -> dict[object, str]:
    users = path.with_name("jellyfin.db")
    if not has_columns(users, _NAMES):
        return {}
    try:
        with closing(open_database(users)) as connection:
            found = each_row(connection, "SELECT InternalId, Username FROM Users")
            return {row["InternalId"]: str(row["Username"]) for row in found}
    except DatabaseError:
        return {}


def _totals(row: Row, user: object) -> Iterator[ImportRow]:
    artists = row["artists"]
    track = TrackReference(
        artist=read_name(joined_names(artists.split("|")) if isinstance(artists, str) else None),
        title=read_name(row["title"]),
        album=read_name(row["album"]),
    )
    rating = _SCALE.opinion(known_number(row["rating"], "rating"))
    counters = Counters(
        count(row["plays"], "play count"),
        0.0,
        opinion(rating, loved=row["favorite"] in (1, True)),
        last_time(row["played"]),
    )
    yield from total_rows(read_id(user, "user name"), track, counters)
