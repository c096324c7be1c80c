"""`library.db`: SQLite in WAL mode; the format version is checked when it is opened."""

import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import (
    Connection,
    Engine,
    create_engine,
    event,
    insert,
    inspect,
    select,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

import segue.library.serving_schema  # noqa: F401  # its tables belong to the schema
from segue.errors import LibraryError, LibraryVersionError
from segue.library.migrations import upgrade
from segue.library.schema import FORMAT_VERSION, meta, schema
from segue.library.storage import translate_errors

BUSY_MS = 10_000
PRIVATE = 0o600
"""Permissions of a new database: only its owner may read it."""


class Database:
    """The database of the library in `directory`.

    Errors of the database or the disk inside a ``with`` are raised as `LibraryError`.
    """

    def __init__(self, engine: Engine, directory: Path) -> None:
        self._engine = engine
        self.directory = directory

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection for reading."""
        with translate_errors(self.directory), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def begin(self, *, wait: bool = True) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together at the end, or not at all.

        With `wait` false a database that another program is writing to is a `LibraryBusyError` at
        once, instead of after `BUSY_MS`.
        """
        with (
            translate_errors(self.directory),
            self._engine.connect() as connection,
            _busy_timeout(connection, BUSY_MS if wait else 0),
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        """Close the file; it is opened again by the next query."""
        self._engine.dispose()


def open_database(path: Path) -> Database:
    """Open the database at `path`; make or upgrade it and its tables where needed.

    Raises
    ------
    LibraryVersionError
        If a newer segue wrote it.
    LibraryError
        If it cannot be opened, or is no library.
    """
    # parameters of statements may be secret, and errors are logged
    engine = create_engine(f"sqlite:///{path}", hide_parameters=True)
    event.listen(engine, "connect", _configure)
    with translate_errors(path.parent):
        path.touch(PRIVATE, exist_ok=True)  # SQLite gives its other files the same permissions
        there = _tables(engine, path)
        if "meta" not in there:
            with _at_once(engine) as connection:
                # another process may have made them meanwhile
                if not inspect(connection).has_table("meta"):
                    schema.create_all(connection)
                    version = str(FORMAT_VERSION)
                    connection.execute(insert(meta).values(key="format", value=version))
    database = Database(engine, path.parent)
    older = _checked_version(database) < FORMAT_VERSION
    if older or (there and not there >= schema.tables.keys()):
        with translate_errors(path.parent), _at_once(engine) as connection:
            before = _version(connection)  # another process may have upgraded it meanwhile
            if before < FORMAT_VERSION:
                _back_up(path, before)
            upgrade(connection, before)
    return database


@contextmanager
def _busy_timeout(connection: Connection, ms: int) -> Iterator[None]:
    """Set the time for which statements of a connection wait for another writer."""
    if ms == BUSY_MS:
        yield
        return
    driver = connection.connection
    driver.cursor().execute(f"PRAGMA busy_timeout = {ms}")
    try:
        yield
    finally:
        driver.cursor().execute(f"PRAGMA busy_timeout = {BUSY_MS}")


def make_private(path: Path) -> None:
    """Let only its owner read a database, where the disk supports permissions.

    It holds hashes of passwords, plain passwords of players, and histories of listeners.
    """
    for file in path.parent.glob(f"{path.name}*"):
        with suppress(OSError):
            if stat.S_IMODE(file.stat().st_mode) & ~PRIVATE:
                file.chmod(PRIVATE)


def _tables(engine: Engine, path: Path) -> set[str]:
    existing = set(inspect(engine).get_table_names())
    if existing and "meta" not in existing:
        raise LibraryError(
            f"{path} is a database, but not one of segue's: choose another --library."
        )
    return existing


@contextmanager
def _at_once(engine: Engine) -> Iterator[Connection]:
    """Yield a connection whose statements are committed together or not at all.

    Python's sqlite3 does not begin transactions for statements that make tables.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def _back_up(path: Path, version: int) -> None:
    """Copy a database of an earlier format to `backups/` before it is upgraded."""
    directory = path.parent / "backups"
    directory.mkdir(exist_ok=True)
    place = directory / f"library-format-{version}.db"
    if place.exists():
        place = directory / f"library-format-{version}-{time.time_ns()}.db"
    temporary = place.with_suffix(".tmp")
    try:
        temporary.touch(PRIVATE)
        with (
            closing(sqlite3.connect(path)) as original,
            closing(sqlite3.connect(temporary)) as copy,
        ):
            original.backup(copy)
        temporary.replace(place)
    except sqlite3.Error as error:
        raise LibraryError(
            f"Cannot copy {path} to {directory} before it is upgraded ({error}): free some space"
            " and open the library again."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _version(connection: Connection) -> int:
    value = connection.scalar(select(meta.c.value).where(meta.c.key == "format"))
    return int(value or 0)


def _checked_version(database: Database) -> int:
    with database.connect() as connection:
        value = connection.scalar(select(meta.c.value).where(meta.c.key == "format"))
    if value is None or not value.isdecimal():
        raise LibraryError(
            f"The library {database.directory} states no format version: restore it from a copy,"
            " or make a new one with segue preprocess."
        )
    if int(value) > FORMAT_VERSION:
        raise LibraryVersionError(
            f"The library {database.directory} has format {value}, and this segue reads up to"
            f" {FORMAT_VERSION}: upgrade segue, or choose another --library."
        )
    return int(value)


def _configure(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:  # noqa: ARG001
    cursor = connection.cursor()
    # a reader never waits for a writer in WAL; FULL keeps every commit through a power cut
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_MS}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
