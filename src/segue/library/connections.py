"""Connections to media servers: addresses, accounts, and what was read from and written to them.

Credentials are stored as they are, since servers ask for them; the database is readable by its
owner only. They are no part of the `repr` of an account.
"""

import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select, update

from segue.library import schema
from segue.library.connection_schema import (
    connection_accounts,
    connection_counts,
    connection_items,
    connection_playlists,
    connections,
)
from segue.library.imports import AddedListens, ImportedListen, put_arrivals
from segue.library.lookup import rows_where
from segue.library.upserts import upsert

if TYPE_CHECKING:
    from sqlalchemy import Row

    from segue.library.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConnection:
    """A media server that a library is connected to.

    `paths` are pairs of a folder as the server names it, and the same folder here. `source` is the
    kind of the dataset of its listens. `writes` is whether playlists are written to the server.
    """

    row: int = 0
    name: str
    kind: str
    url: str
    source: str
    paths: tuple[tuple[str, str], ...] = ()
    writes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerAccount:
    """An account on a connected server, and the listener that it belongs to.

    `synced` and `read_all` are the times at which the last complete pass and the last pass over
    all tracks began, in seconds since 1970; `error` is why a later one failed.
    """

    row: int = 0
    user: str
    listener: str
    first_listener: str
    credentials: Mapping[str, str] = field(repr=False)
    synced: float | None = None
    read_all: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemCounts:
    """What a server stated of one track of one account: see `connection_counts`."""

    item: str
    plays: float = 0.0
    skips: float = 0.0
    rating: float | None = None
    last_played: float | None = None
    dated: int = 0
    total_at: float | None = None
    occurrence: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaylistLink:
    """A playlist that is on a server and in the library; `digest` is that of its copied tracks."""

    remote: str
    playlist: str
    from_server: bool
    digest: bytes


class ConnectionStore:
    """The connections of one library."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def add(self, one: ServerConnection) -> ServerConnection:
        """Add a connection, or change the folders and rights of the one of that name."""
        values = {
            "name": one.name,
            "kind": one.kind,
            "url": one.url,
            "source": one.source,
            "paths": json.dumps(one.paths, ensure_ascii=False),
            "writes": one.writes,
            "created": time.time(),
        }
        changed = {name: values[name] for name in ("url", "paths", "writes")}
        statement = upsert(connections).values(values)
        statement = statement.on_conflict_do_update(index_elements=["name"], set_=changed)
        with self._database.begin() as connection:
            connection.execute(statement)
        return next(there for there in self.all() if there.name == one.name)

    def all(self) -> list[ServerConnection]:
        """Return the connections, the oldest first."""
        with self._database.connect() as connection:
            rows = connection.execute(select(connections).order_by(connections.c.row))
            return [_connection(row) for row in rows]

    def remove(self, name: str) -> bool:
        """Remove a connection with its accounts, not its listens; return whether it was there."""
        with self._database.begin() as connection:
            statement = delete(connections).where(connections.c.name == name)
            return bool(connection.execute(statement).rowcount)

    def add_account(self, connection_row: int, account: ServerAccount) -> ServerAccount:
        """Add an account, or change the listener and credentials of the one of that name.

        Its listener becomes part of the library.
        """
        table, users = connection_accounts, schema.users
        values = {
            "connection": connection_row,
            "user": account.user,
            "listener": account.listener,
            "first_listener": account.first_listener,
            "credentials": json.dumps(dict(account.credentials), ensure_ascii=False),
        }
        kept = {name: values[name] for name in ("listener", "credentials")}
        statement = upsert(table).values(values)
        with self._database.begin() as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["connection", "user"], set_=kept)
            )
            listener = upsert(users).values(user_id=account.listener)
            connection.execute(listener.on_conflict_do_nothing())
        return next(one for one in self.accounts(connection_row) if one.user == account.user)

    def accounts(self, connection_row: int) -> list[ServerAccount]:
        """Return the accounts of a connection, the oldest first."""
        table = connection_accounts
        query = select(table).where(table.c.connection == connection_row).order_by(table.c.row)
        with self._database.connect() as connection:
            return [_account(row) for row in connection.execute(query)]

    def set_synced(
        self, account: int, started: float, *, is_read: bool, read_all: bool, error: str | None
    ) -> None:
        """Record the result of a pass that began at `started`, and why it failed, if it did.

        `is_read` is whether the tracks were read, also if the playlists could not be copied then.
        """
        values: dict[str, Any] = {"error": error}
        if is_read:
            values["synced"] = started
            if read_all:
                values["read_all"] = started
        own = connection_accounts.c.row == account
        with self._database.begin() as connection:
            connection.execute(update(connection_accounts).where(own).values(values))

    def put_batch(
        self,
        account: ServerAccount,
        one: ServerConnection,
        *,
        items: Mapping[str, int | None],
        counts: Sequence[ItemCounts],
        arrivals: Sequence[ImportedListen],
    ) -> AddedListens:
        """Store one batch of tracks of a server with the listens that follow, or nothing of it.

        Parameters
        ----------
        items
            The row of the track, None where the library lacks it, by the id on the server.
        """
        with self._database.begin() as connection:
            if items:
                named = [
                    {"connection": one.row, "item": item, "track": row}
                    for item, row in items.items()
                ]
                statement = upsert(connection_items)
                changed = {"track": statement.excluded.track}
                keys = ["connection", "item"]
                statement = statement.on_conflict_do_update(
                    index_elements=keys,
                    set_=changed,
                    where=connection_items.c.track.is_distinct_from(statement.excluded.track),
                )
                connection.execute(statement, named)
            if counts:
                keys = ["account", "item"]
                values = [{"account": account.row, **asdict(each)} for each in counts]
                statement = upsert(connection_counts)
                changed = {name: statement.excluded[name] for name in values[0] if name not in keys}
                statement = statement.on_conflict_do_update(index_elements=keys, set_=changed)
                connection.execute(statement, values)
            if not arrivals:
                return AddedListens(0, 0)
            return put_arrivals(connection, f"import:{one.source}", arrivals)

    def counts(self, account: int, items: Sequence[str]) -> dict[str, ItemCounts]:
        """Return what was stored of some tracks of an account, by their ids on the server."""
        table = connection_counts
        columns = [column for column in table.c if column.name != "account"]
        query = select(*columns).where(table.c.account == account)
        with self._database.connect() as connection:
            rows = rows_where(connection, query, table.c.item, items)
            return {row.item: ItemCounts(**row._mapping) for row in rows}

    def imported_plays(
        self, account: ServerAccount, source: str, connection_row: int
    ) -> Counter[int]:
        """Return how many listens with a time an import brought the listener, by row of the track.

        These are listens of the same source which no pass over the account has counted.
        """
        table, users = schema.listens, schema.users
        counted, items = connection_counts, connection_items
        query = (
            select(table.c.track, func.count())
            .join_from(table, users, table.c.user == users.c.row)
            .where(
                users.c.user_id == account.listener,
                table.c.dataset == f"import:{source}",
                table.c.timestamp.is_not(None),
                table.c.plays.is_(None),
                table.c.rating.is_(None),
            )
            .group_by(table.c.track)
        )
        known = (
            select(items.c.track, func.sum(counted.c.dated))
            .join_from(counted, items, counted.c.item == items.c.item)
            .where(
                counted.c.account == account.row,
                items.c.connection == connection_row,
                items.c.track.is_not(None),
            )
            .group_by(items.c.track)
        )
        with self._database.connect() as connection:
            found = Counter({row[0]: row[1] for row in connection.execute(query)})
            return found - Counter({row[0]: row[1] for row in connection.execute(known)})

    def rows_of_items(self, connection_row: int, items: Sequence[str]) -> dict[str, int]:
        """Return the rows of tracks by their ids on the server; those that are known."""
        table = connection_items
        query = select(table.c.item, table.c.track).where(
            table.c.connection == connection_row, table.c.track.is_not(None)
        )
        with self._database.connect() as connection:
            found = rows_where(connection, query, table.c.item, list(dict.fromkeys(items)))
            return {row[0]: row[1] for row in found}

    def items_of_rows(self, connection_row: int, rows: Sequence[int]) -> dict[int, str]:
        """Return the ids on the server of some tracks by row: the first of several."""
        table = connection_items
        query = (
            select(table.c.track, table.c.item)
            .where(table.c.connection == connection_row)
            .order_by(table.c.item.desc())
        )
        with self._database.connect() as connection:
            found = rows_where(connection, query, table.c.track, list(dict.fromkeys(rows)))
            return {row[0]: row[1] for row in found}

    def n_items(self, connection_row: int) -> tuple[int, int]:
        """Return how many tracks of a server are known, and how many of them the library has."""
        table = connection_items
        query = select(func.count(), func.count(table.c.track))
        with self._database.connect() as connection:
            row = connection.execute(query.where(table.c.connection == connection_row)).one()
            return row[0], row[1]

    def playlists(self, account: int) -> list[PlaylistLink]:
        """Return the playlists that an account and its listener have in common."""
        table = connection_playlists
        columns = [column for column in table.c if column.name != "account"]
        query = select(*columns).where(table.c.account == account).order_by(table.c.remote)
        with self._database.connect() as connection:
            return [PlaylistLink(**row._mapping) for row in connection.execute(query)]

    def put_playlist(self, account: int, link: PlaylistLink) -> None:
        """Add a playlist, or replace what is known of it."""
        table = connection_playlists
        own = (table.c.account == account) & (table.c.remote == link.remote)
        with self._database.begin() as connection:
            connection.execute(delete(table).where(own))
            connection.execute(insert(table).values(account=account, **asdict(link)))

    def forget_playlist(self, account: int, remote: str) -> None:
        """Forget a playlist."""
        table = connection_playlists
        own = (table.c.account == account) & (table.c.remote == remote)
        with self._database.begin() as connection:
            connection.execute(delete(table).where(own))


def _connection(row: "Row[Any]") -> ServerConnection:
    return ServerConnection(
        row=row.row,
        name=row.name,
        kind=row.kind,
        url=row.url,
        source=row.source,
        paths=tuple((remote, local) for remote, local in json.loads(row.paths)),
        writes=row.writes,
    )


def _account(row: "Row[Any]") -> ServerAccount:
    values = {name: value for name, value in row._mapping.items() if name != "connection"}
    return ServerAccount(**{**values, "credentials": json.loads(row.credentials)})
