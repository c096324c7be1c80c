"""All data of one listener: read for an export, deleted on request."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, delete, insert, or_, select, update

from segue.library import schema
from segue.library.connection_schema import connection_accounts
from segue.library.joined_listeners import forget_joined_name
from segue.library.serving_schema import (
    accounts,
    annotations,
    audit,
    bookmarks,
    forward_queue,
    jobs,
    latest_imports,
    play_queues,
    playback,
    playlists,
    scrobbler_tokens,
    service_connections,
    service_playlists,
    sessions,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from segue.library.database import Database

_TRACK: Final = ("track_id", "title", "artist", "album", "metadata", "duration")
_REFERENCE: Final = ("track_id", "title", "artist", "album", "recording")
_MANY_ROWS: Final = ("listens", "unmatched_listens")
_BATCH: Final = 10_000
_LISTEN: Final = (
    "timestamp",
    "position",
    "session_id",
    "plays",
    "ms_played",
    "rating",
    "skipped",
    "completed",
    "recommended",
    "private",
    "dataset",
)


def listens_of(database: "Database", user: str) -> Iterator[Mapping[str, Any]]:
    """Yield every listen and opinion of a listener, by time, with the names of its track.

    Listens without a track in the library have the names that were imported.
    """
    table = schema.listens
    matched = _query(user, table, table.c.track, schema.tracks, _TRACK)
    table = schema.unmatched_listens
    unmatched = _query(user, table, table.c.reference, schema.track_references, _REFERENCE)
    with database.connect() as connection:
        for query in (matched, unmatched):
            streamed = connection.execution_options(yield_per=1_000).execute(query)
            for record in streamed.mappings():
                yield dict(record)


def _query(user: str, table: Table, key: Any, named: Table, names: Sequence[str]) -> Any:
    """Return the query of a listener's rows of `table`, with columns of the track they name."""
    users = schema.users
    columns = (*(table.c[name] for name in _LISTEN), *(named.c[name] for name in names))
    return (
        select(*columns)
        .join_from(table, users, table.c.user == users.c.row)
        .join(named, key == named.c.row)
        .where(users.c.user_id == user)
        .order_by(table.c.timestamp, table.c.id)
    )


def delete_listener(database: "Database", user: str) -> dict[str, int]:
    """Delete a listener with everything they did; return the numbers of rows by table.

    Listens are deleted in batches, so that other programs can write in between; a call that was
    interrupted is completed by the next. Entries of the audit log stay, without the name.
    """
    n_listens = {name: _delete_in_batches(database, name, user) for name in _MANY_ROWS}
    with database.begin() as connection:
        row = connection.scalar(select(schema.users.c.row).where(schema.users.c.user_id == user))
        found = {
            "playlists": _deleted(connection, playlists, playlists.c.owner == user),
            "annotations": _deleted(connection, annotations, annotations.c.owner == user),
            "playback": _deleted(connection, playback, playback.c.owner == user),
            "play_queues": _deleted(connection, play_queues, play_queues.c.owner == user),
            "bookmarks": _deleted(connection, bookmarks, bookmarks.c.owner == user),
            "sessions": _deleted(connection, sessions, sessions.c.listener == user),
            "accounts": _deleted(connection, accounts, accounts.c.name == user),
            "connected accounts": _deleted(
                connection, connection_accounts, connection_accounts.c.listener == user
            ),
        }
        for table in (
            latest_imports,
            scrobbler_tokens,
            service_connections,
            forward_queue,
            service_playlists,
        ):
            found[table.name] = _deleted(connection, table, table.c.owner == user)
        if row is not None:
            friends = schema.friends
            for name in ("feedback", "weight_posteriors", "listener_rules"):
                table = schema.schema.tables[name]
                found[name] = _deleted(connection, table, table.c.user == row)
            either = or_(friends.c.user == row, friends.c.friend == row)
            found["friends"] = _deleted(connection, friends, either)
            found["listeners"] = _deleted(connection, schema.users, schema.users.c.row == row)
        forget_joined_name(connection, user)
        asked = update(jobs).where(jobs.c.asked_by == user)
        connection.execute(asked.values(asked_by=None))
        # what is learned from listens is learned again
        run = {"verb": "delete", "finished": time.time(), "result": "{}"}
        connection.execute(insert(schema.runs).values(run))
        named = [audit.c.who == user, audit.c.detail == user]
        named += [audit.c.detail.startswith(f"{user}{end}", autoescape=True) for end in ",:"]
        connection.execute(audit.update().where(or_(*named)).values(who=None, detail=None))
    return found | n_listens


def _delete_in_batches(database: "Database", name: str, user: str) -> int:
    table, users = schema.schema.tables[name], schema.users
    own = select(table.c.id).join(users, table.c.user == users.c.row)
    batch = own.where(users.c.user_id == user).limit(_BATCH)
    n_deleted = 0
    while True:
        with database.begin() as connection:
            n_batch = _deleted(connection, table, table.c.id.in_(batch))
        n_deleted += n_batch
        if n_batch < _BATCH:
            return n_deleted


def _deleted(connection: "Connection", table: Any, where: Any) -> int:
    return int(connection.execute(delete(table).where(where)).rowcount)
