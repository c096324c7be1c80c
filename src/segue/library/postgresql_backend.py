"""A library on a PostgreSQL server, which processes on several machines can use.

Each library has a schema of its own. Transactions of one library run one after the other, as in
SQLite, by an advisory lock: numbers of the feedback log appear in their order, and what a
transaction has read stays as it is until it writes. Readers never wait.
docs/decisions/postgresql.md has the reasons.
"""

import json
import os
import secrets
import socket
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, MetaData, create_engine, insert, inspect
from sqlalchemy.pool import QueuePool

from segue.errors import LibraryError
from segue.library.database import Database, open_database
from segue.library.database_address import DatabaseAddress, set_address, stored_address
from segue.library.files import PRIVATE, make_directory, make_private
from segue.library.lock import holder_name, locked_error, writing
from segue.library.migrations import first_meta
from segue.library.postgresql_connections import (
    Notifications,
    ReadOnlyConnection,
    SessionLock,
    connected,
)
from segue.library.schema import FORMAT_VERSION, meta, schema
from segue.library.seal import LAST_CHANGE
from segue.library.sqlite_backend import ENTRIES, STATE, SqliteBackend
from segue.library.sqlite_copies import COUNTED, copy_database, new_copy, path_of_upgrade_copy
from segue.library.storage import busy_error, translate_errors
from segue.library.table_copies import copy_tables, delete_rows

if TYPE_CHECKING:
    import psycopg

_IMPATIENT_MS: Final = 50
_WRITER, _SCHEDULER = "writer", "scheduler"
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
_TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
_MARK_CHANGE: Final = (
    "UPDATE meta SET value = %s WHERE key = %s AND pg_current_xact_id_if_assigned() IS NOT NULL"
    " RETURNING pg_notify(%s, value)"
)
_HOLDER: Final = (
    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND granted AND objsubid = 1"
    " AND (classid::bigint << 32) | objid::bigint = hashtextextended(%s, 0)"
    " AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


class PostgresqlBackend:
    """A schema of a PostgreSQL database, and the directory with the files of the library."""

    snapshot_statement = "BEGIN ISOLATION LEVEL REPEATABLE READ"

    def __init__(self, directory: Path, address: DatabaseAddress) -> None:
        self.directory, self.address = directory, address
        self.files_url = address.files
        self._spare: list[psycopg.Connection[Any]] = []  # for the engine, which opens the next one

    def exists(self) -> bool:
        """Return whether there is a library."""
        with translate_errors(self.directory), self._first_connection() as connection:
            found = connection.execute(
                "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = %s AND tablename = 'meta'",
                [self.address.schema],
            )
            return found.fetchone() is not None

    def is_writable(self) -> bool:
        """Return whether this process may write to the library."""
        return self._takes_changes and os.access(self.directory, os.W_OK)

    @cached_property
    def _takes_changes(self) -> bool:
        query = "SELECT NOT pg_is_in_recovery() AND has_schema_privilege(%s, 'CREATE')"
        with translate_errors(self.directory), self._first_connection() as connection:
            found = connection.execute(query, [self.address.schema]).fetchone()
        return bool(found and found[0])

    def prepare(self) -> None:
        """Make a library that is missing.

        Raises
        ------
        LibraryError
            If it was lost: its directory holds models or features.
        """
        make_directory(self.directory)
        make_private(self.directory, ENTRIES)
        if stored_address(self.directory) is None:
            set_address(self.directory, self.address)
        if self.exists():
            return
        left = [name for name in STATE if list(self.directory.glob(f"{name}/[!.]*"))]
        if left:
            raise LibraryError(
                f"The schema {self.address.schema} has no library, and {self.directory} holds"
                f" {' and '.join(left)} of one: restore its database, or choose another directory."
            )
        engine = self.engine()
        with engine.begin() as connection:
            self._lock_out(connection)
            connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{self.address.schema}"')
            if not inspect(connection).has_table("meta"):  # another process may have made it
                schema.create_all(connection, checkfirst=False)
                connection.execute(insert(meta), first_meta())
        engine.dispose()

    def engine(self) -> Engine:
        """Return the engine, which opens connections when they are needed."""
        return create_engine(
            "postgresql+psycopg://",
            creator=self.connected,
            poolclass=QueuePool,
            pool_pre_ping=True,  # the server may have been restarted
            hide_parameters=True,
        )

    @contextmanager
    def transaction(self, connection: Connection, *, wait: bool = True) -> Iterator[None]:
        """Write with a connection, while no other one of the library does."""
        with connection.begin():
            self._lock_out(connection, wait=wait)
            yield
            values = (secrets.token_hex(8), LAST_CHANGE, self._channel)
            connection.exec_driver_sql(_MARK_CHANGE, values)

    def _lock_out(self, connection: Connection, *, wait: bool = True) -> None:
        """Let no other transaction of the library write before this one ends."""
        key = (self._lock_name("write"),)
        if wait:
            connection.exec_driver_sql(_LOCK, key)
        elif not connection.exec_driver_sql(_TRY_LOCK, key).scalar():
            raise busy_error(self.directory)

    @contextmanager
    def upgrade_transaction(self, engine: Engine) -> Iterator[Connection]:
        """Yield a connection that may change tables, while no other process writes."""
        with engine.connect() as connection, self.transaction(connection):
            yield connection

    def back_up(self, version: int) -> None:
        """Copy a database of an earlier format to `backups/` before it is upgraded.

        The copy is an SQLite file with the tables of that format.
        """
        tables = MetaData()
        engine = self.engine()
        tables.reflect(engine)
        for table in tables.tables.values():
            table.indexes.clear()
            for column in table.columns:
                column.type, column.server_default = column.type.as_generic(), None
        with new_copy(path_of_upgrade_copy(self.directory, version)) as temporary:
            self._copy_to(temporary, engine, tables)
        engine.dispose()

    def copy_database(self, path: Path) -> dict[str, int]:
        """Copy the database into a new SQLite file, while others may write.

        Returns the numbers of rows of the tables that a backup states.
        """
        engine = self.engine()
        counts = self._copy_to(path, engine, schema)
        engine.dispose()
        return {name: counts[name] for name in COUNTED}

    def _copy_to(self, path: Path, engine: Engine, tables: MetaData) -> dict[str, int]:
        path.touch(PRIVATE)
        target = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
        source_database = Database(self, engine)
        with source_database.one_state() as source, target.begin() as connection:
            tables.create_all(connection)
            counts = copy_tables(source, connection, tables)
        target.dispose()
        return counts

    def replace_database(self, path: Path) -> Path | None:
        """Replace all rows by those of a SQLite file; return where the replaced ones are kept."""
        kept = None
        if self.exists():
            make_directory(self.directory / "backups")
            kept = self.directory / "backups" / f"replaced-{time.time_ns()}.db"
            self.copy_database(kept)
        else:
            self.prepare()
        with tempfile.TemporaryDirectory(prefix="segue-restore-") as directory:
            local = SqliteBackend(Path(directory))
            copy_database(path, local.path)
            source = open_database(local)
            engine = self.engine()
            with (
                source.connect() as rows,
                engine.connect() as connection,
                self.transaction(connection),
            ):
                delete_rows(connection, schema)
                copy_tables(rows, connection, schema)
            engine.dispose()
            source.close()
        return kept

    def n_bytes(self) -> int:
        """Return the size of the tables of the library."""
        query = (
            "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class AS c"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = %s AND c.relkind = 'r'"
        )
        with translate_errors(self.directory), self.connected() as connection:
            found = connection.execute(query, [self.address.schema]).fetchone()
        return int(found[0]) if found else 0

    def damage(self) -> list[str]:
        """Return what is wrong with the database, in sentences: tables that are missing.

        The server checks structure, references and checksums itself.
        """
        try:
            with translate_errors(self.directory), self.connected() as connection:
                found = connection.execute(
                    "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s",
                    [self.address.schema],
                )
                there = {row[0] for row in found.fetchall()}
        except LibraryError as error:
            return [str(error)]
        if "meta" not in there:
            return [f"The schema {self.address.schema} of the database holds no library."]
        if self.format() < FORMAT_VERSION:
            return []  # its tables are upgraded when it is opened
        missing = sorted(schema.tables.keys() - there)
        return [f"The table {name} of the database is missing." for name in missing]

    def format(self) -> int:
        """Return the format of the database; the current one where it cannot be read."""
        query = "SELECT value FROM meta WHERE key = 'format'"
        with (
            suppress(LibraryError, TypeError, ValueError),
            translate_errors(self.directory),
            self.connected() as connection,
        ):
            return int(connection.execute(query).fetchone()[0])  # type: ignore[index]
        return FORMAT_VERSION

    @contextmanager
    def not_waiting(self, connection: Connection) -> Iterator[None]:
        """Let a connection hardly wait for other writers, until its transaction ends."""
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_IMPATIENT_MS}")
        yield

    def raw_connection(self) -> ReadOnlyConnection:
        """Return a new connection for reading."""
        return ReadOnlyConnection(self.connected)

    def change_counter(self) -> Notifications:
        """Return a new counter of changes."""
        return Notifications(self.connected, self._channel)

    def in_list(self, column: str, values: Sequence[str]) -> tuple[str, list[Any]]:
        """Return a condition with one value for it: a column is one of any number of texts."""
        return column + " IN (SELECT json_array_elements_text(?::json))", [json.dumps(values)]

    @contextmanager
    def writing(self, verb: str) -> Iterator[None]:
        """Lock the library for `verb`, for processes of all machines."""
        holder = holder_name(verb, f"process {os.getpid()} of {socket.gethostname()}")
        with writing(self.directory, verb), translate_errors(self.directory):
            held = SessionLock(self.connected, self._lock_name(_WRITER), holder)
            if not held.take():
                raise locked_error(self.directory, self.writer())
            try:
                yield
            finally:
                held.release()

    def writer(self) -> str | None:
        """Return the verb and process that lock the library; None if none does."""
        with translate_errors(self.directory), self.connected() as connection:
            found = connection.execute(_HOLDER, [self._lock_name(_WRITER)]).fetchone()
        return None if found is None else str(found[0]) or "another program"

    def scheduler_lease(self) -> SessionLock:
        """Return the right to run the schedules of the library."""
        name = f"segue serve (process {os.getpid()} of {socket.gethostname()})"
        return SessionLock(self.connected, self._lock_name(_SCHEDULER), name)

    def closed(self) -> None:
        """Do nothing: the server keeps checksums itself."""

    def connected(self) -> "psycopg.Connection[Any]":
        """Return a new connection, whose tables are those of the library.

        Raises
        ------
        psycopg.OperationalError
            If the server cannot be reached.
        """
        return self._spare.pop() if self._spare else connected(self.address)

    @contextmanager
    def _first_connection(self) -> "Iterator[psycopg.Connection[Any]]":
        """Yield a connection that is used again: opening a library takes one."""
        connection = self.connected()
        yield connection
        connection.rollback()
        self._spare.append(connection)

    @property
    def _channel(self) -> str:
        return f"segue {self.address.schema}"

    def _lock_name(self, kind: str) -> str:
        return f"segue {self.address.schema} {kind}"
