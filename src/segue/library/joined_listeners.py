"""Join two names of one listener: everything of one name becomes part of the other.

Listens keep their fingerprints, which contain the old name: `joined_names` remembers it, so that a
file that is imported again, under either name, adds nothing.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, delete, insert, or_, select, update

from segue.library import schema
from segue.library.compared_listens import compare_again
from segue.library.connection_schema import connection_accounts
from segue.library.serving_schema import (
    accounts,
    annotations,
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
from segue.library.writes import put_meta

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from segue.library.database import Database

_KEY: Final = "joined listeners"
_CHUNK: Final = 500
_COLUMNS: Final = ("dataset", "timestamp", "position", "plays", "ms_played", "rating", "skipped")

ListenKey = Callable[[Mapping[str, Any]], Hashable]
"""Returns what two rows share if they are the same listen: see `join_listeners`."""


def joined_names(connection: "Connection") -> dict[str, str]:
    """Return the present name of each listener that was joined with another.

    A name that an account or a listener has again is that of another person now.
    """
    names = _stored_names(connection)
    if not names:
        return {}
    taken = set(connection.scalars(select(schema.users.c.user_id)))
    taken |= set(connection.scalars(select(accounts.c.name)))
    return {old: new for old, new in names.items() if old not in taken}


def forget_joined_name(connection: "Connection", name: str) -> None:
    """Remove a listener from the joined names."""
    names = _stored_names(connection)
    left = {old: new for old, new in names.items() if name not in (old, new)}
    _store_names(connection, names, left)


def forget_former_name(connection: "Connection", name: str) -> None:
    """Have files that state this name belong to a listener of this name again."""
    names = _stored_names(connection)
    _store_names(connection, names, {old: new for old, new in names.items() if old != name})


def _stored_names(connection: "Connection") -> dict[str, str]:
    value = connection.scalar(select(schema.meta.c.value).where(schema.meta.c.key == _KEY))
    found = json.loads(value) if value else {}
    return {str(old): str(new) for old, new in found.items()}


def _store_names(
    connection: "Connection", before: Mapping[str, str], names: Mapping[str, str]
) -> None:
    if names != before:
        put_meta(connection, _KEY, json.dumps(names, ensure_ascii=False))


def join_listeners(
    database: "Database", old: str, new: str, listen_key: ListenKey
) -> dict[str, int]:
    """Move everything of the listener `old` to `new`, and forget `old`.

    Parameters
    ----------
    listen_key
        Returns what two rows of listens have in common if they are the same listen: such a row of
        `old` is deleted, one for each of `new`. It gets the columns of the row and its `track`.

    Returns
    -------
    dict
        The number of moved rows by table, and that of `duplicates`.
    """
    users = schema.users
    with database.begin() as connection:
        source = connection.execute(select(users).where(users.c.user_id == old)).one()
        named = select(users.c.row).where(users.c.user_id == new)
        if connection.scalar(named) is None:
            connection.execute(insert(users).values(user_id=new))
        target = connection.scalars(named).one()
        if source.withholds:
            connection.execute(update(users).where(users.c.row == target).values(withholds=True))
        rows, texts = (source.row, target), (old, new)
        done = {"duplicates": 0}
        for table, names in ((schema.listens, "track"), (schema.unmatched_listens, "reference")):
            done["duplicates"] += _delete_equal(connection, table, names, rows, listen_key)
            done[table.name] = _moved(connection, table, table.c.user, source.row, target)
        feedback = schema.feedback
        done["feedback"] = _moved(connection, feedback, feedback.c.user, source.row, target)
        done["playlists"] = _moved(connection, playlists, playlists.c.owner, old, new)
        done["annotations"] = _move_missing(
            connection, annotations, ("owner", "kind", "item"), texts
        )
        done["bookmarks"] = _move_missing(connection, bookmarks, ("owner", "track_id"), texts)
        there = select(play_queues.c.owner).where(play_queues.c.owner == new)
        if connection.scalar(there) is None:
            done["play_queues"] = _moved(connection, play_queues, play_queues.c.owner, old, new)
        connection.execute(delete(play_queues).where(play_queues.c.owner == old))
        for services, key in (
            (forward_queue, ("service", "fingerprint")),
            (service_connections, ("service",)),
            (service_playlists, ("service", "name")),
            (latest_imports, ("service",)),
        ):
            done[services.name] = _move_missing(connection, services, ("owner", *key), texts)
        rules = schema.listener_rules
        done["listener_rules"] = _move_missing(
            connection, rules, ("user", "effect", "kind", "value"), rows
        )
        done["friends"] = _move_friends(connection, source.row, target)
        connection.execute(delete(playback).where(playback.c.owner == old))
        tokens = scrobbler_tokens
        connection.execute(delete(tokens).where(tokens.c.owner == old))
        connection.execute(delete(sessions).where(sessions.c.listener == old))
        connection.execute(update(jobs).where(jobs.c.asked_by == old).values(asked_by=new))
        servers = connection_accounts
        connection.execute(update(servers).where(servers.c.listener == old).values(listener=new))
        weights = schema.weight_posteriors
        connection.execute(delete(weights).where(weights.c.user.in_([source.row, target])))
        connection.execute(delete(users).where(users.c.row == source.row))
        compare_again(connection, target)
        names_now = {
            was: new if now == old else now for was, now in joined_names(connection).items()
        }
        names_now.pop(new, None)
        put_meta(connection, _KEY, json.dumps({**names_now, old: new}, ensure_ascii=False))
        # what is learned from listens is learned again
        run = {"verb": "join", "finished": time.time(), "result": "{}"}
        connection.execute(insert(schema.runs).values(run))
    return done


def _delete_equal(
    connection: "Connection",
    table: Table,
    names: str,
    users: tuple[int, int],
    listen_key: ListenKey,
) -> int:
    """Delete the rows of the first user that the second has, too; return their number."""
    old, new = users

    def keys(user: int) -> list[tuple[int, Hashable]]:
        columns = (table.c.id, table.c[names], *(table.c[name] for name in _COLUMNS))
        rows = connection.execute(select(*columns).where(table.c.user == user).order_by(table.c.id))
        return [
            (row[0], (row[1], listen_key(dict(zip(_COLUMNS, row[2:], strict=True)))))
            for row in rows
        ]

    there = Counter(key for _, key in keys(new))
    gone = []
    for number, key in keys(old):
        if there[key] > 0:
            there[key] -= 1
            gone.append(number)
    for start in range(0, len(gone), _CHUNK):
        part = gone[start : start + _CHUNK]
        connection.execute(delete(table).where(table.c.id.in_(part)))
    return len(gone)


def _moved(connection: "Connection", table: Table, column: Any, old: Any, new: Any) -> int:
    statement = update(table).where(column == old).values({column.name: new})
    return int(connection.execute(statement).rowcount)


def _move_missing(
    connection: "Connection", table: Table, names: tuple[str, ...], owners: tuple[Any, Any]
) -> int:
    """Move rows with a key that the second owner lacks, delete the rest; return those moved.

    `names` are the columns of the owner and of the key.
    """
    owner, *key = names
    old, new = owners
    columns = [table.c[name] for name in key]
    of_owner = select(*columns).where(table.c[owner] == new)
    there = set(map(tuple, connection.execute(of_owner)))
    n_moved = 0
    for row in map(tuple, connection.execute(select(*columns).where(table.c[owner] == old)).all()):
        mine = [
            table.c[owner] == old,
            *(table.c[name] == value for name, value in zip(key, row, strict=True)),
        ]
        if row in there:
            connection.execute(delete(table).where(*mine))
        else:
            connection.execute(update(table).where(*mine).values({owner: new}))
            n_moved += 1
    return n_moved


def _move_friends(connection: "Connection", old: int, new: int) -> int:
    table = schema.friends
    either = or_(table.c.user == old, table.c.friend == old)
    pairs = [
        tuple(row) for row in connection.execute(select(table.c.user, table.c.friend).where(either))
    ]
    connection.execute(delete(table).where(either))
    there = set(map(tuple, connection.execute(select(table.c.user, table.c.friend))))
    changed = {tuple(new if one == old else one for one in pair) for pair in pairs}
    missing = [
        {"user": user, "friend": friend}
        for user, friend in sorted(changed - there)
        if user != friend
    ]
    if missing:
        connection.execute(insert(table), missing)
    return len(missing)
