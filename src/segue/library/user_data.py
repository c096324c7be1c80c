"""All data of one listener: read for an export, deleted on request."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, or_, select

from segue.library import schema
from segue.library.serving_schema import (
    accounts,
    annotations,
    audit,
    playback,
    playlists,
    sessions,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from segue.library.database import Database

_TRACK: Final = ("track_id", "title", "artist", "album", "metadata", "duration")
_LISTEN: Final = (
    "timestamp",
    "position",
    "plays",
    "ms_played",
    "rating",
    "skipped",
    "dataset",
)


def listens_of(database: "Database", user: str) -> Iterator[Mapping[str, Any]]:
    """Yield every listen and opinion of a listener, by time, with the names of its track.

    Listens without a track in the library have the names that were imported.
    """
    table, tracks, users = schema.listens, schema.tracks, schema.users
    matched = (
        select(
            *(table.c[name] for name in _LISTEN),
            *(tracks.c[name] for name in _TRACK),
        )
        .join_from(table, users, table.c.user == users.c.row)
        .join(tracks, table.c.track == tracks.c.row)
        .where(users.c.user_id == user)
        .order_by(table.c.timestamp, table.c.id)
    )
    table, names = schema.unmatched_listens, schema.track_references
    unmatched = (
        select(
            *(table.c[name] for name in _LISTEN),
            *(names.c[name] for name in ("track_id", "title", "artist", "album", "recording")),
        )
        .join_from(table, users, table.c.user == users.c.row)
        .join(names, table.c.reference == names.c.row)
        .where(users.c.user_id == user)
        .order_by(table.c.timestamp, table.c.id)
    )
    with database.connect() as connection:
        for query in (matched, unmatched):
            streamed = connection.execution_options(yield_per=1_000).execute(query)
            for record in streamed.mappings():
                yield dict(record)


def delete_listener(database: "Database", user: str) -> dict[str, int]:
    """Delete a listener with everything they did; return the numbers of rows by table.

    The entries of the audit log stay, without the name.
    """
    with database.begin() as connection:
        row = connection.scalar(select(schema.users.c.row).where(schema.users.c.user_id == user))
        found = {
            "playlists": _deleted(connection, playlists, playlists.c.owner == user),
            "annotations": _deleted(connection, annotations, annotations.c.owner == user),
            "playback": _deleted(connection, playback, playback.c.owner == user),
            "sessions": _deleted(connection, sessions, sessions.c.listener == user),
            "accounts": _deleted(connection, accounts, accounts.c.name == user),
        }
        if row is not None:
            friends = schema.friends
            for name in ("listens", "unmatched_listens", "feedback", "weight_posteriors"):
                table = schema.schema.tables[name]
                found[name] = _deleted(connection, table, table.c.user == row)
            either = or_(friends.c.user == row, friends.c.friend == row)
            found["friends"] = _deleted(connection, friends, either)
            found["listeners"] = _deleted(connection, schema.users, schema.users.c.row == row)
        named = [audit.c.who == user, audit.c.detail == user]
        named += [audit.c.detail.startswith(f"{user}{end}", autoescape=True) for end in ",:"]
        connection.execute(audit.update().where(or_(*named)).values(who=None, detail=None))
    return found


def _deleted(connection: "Connection", table: Any, where: Any) -> int:
    return int(connection.execute(delete(table).where(where)).rowcount)
