"""`library.db`: SQLite in WAL mode; the format version is checked when it is opened.

`meta` identifies the library, ``library id``, and the state of the features that its rows belong
to, ``features token``: see `segue.library.identity`.
"""

import os
import secrets
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

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
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

import segue.library.connection_schema
import segue.library.serving_schema  # noqa: F401  # its tables belong to the schema
from segue.errors import LibraryError, LibraryVersionError
from segue.library.files import PRIVATE, make_directory, make_private, sync
from segue.library.migrations import LIBRARY_ID, upgrade, upgrade_files
from segue.library.schema import FORMAT_VERSION, meta, schema
from segue.library.seal import LAST_CHANGE, MARK_CHANGE, note_change, seal_if_changed
from segue.library.storage import database_uri, is_writable, translate_errors

BUSY_MS = 10_000
STATE = ("features", "models")
"""Directories of a library that belong to its database."""
ENTRIES = ("library.db*", *STATE, "reports", "jobs", "covers", "backups", ".lock", ".scheduler")
"""Everything that segue writes into the directory of a library."""


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
            driver = cast("sqlite3.Connection", connection.connection.driver_connection)
            before = driver.total_changes
            yield connection
            if driver.total_changes != before:
                connection.exec_driver_sql(MARK_CHANGE)
                note_change(self.directory / "library.db")

    def close(self) -> None:
        """Close the file; it is opened again by the next query."""
        self._engine.dispose()
        seal_if_changed(self.directory / "library.db")


def open_database(path: Path) -> Database:
    """Open the database at `path`; make or upgrade it and its tables where needed.

    Raises
    ------
    LibraryVersionError
        If a newer segue wrote it.
    LibraryError
        If it cannot be opened, is no library, or was lost: its directory holds models or features.
    """
    with translate_errors(path.parent):
        if not path.exists():
            _create(path)
        elif not path.stat().st_size:
            raise LibraryError(
                f"{path} is empty, so its tracks and listens are lost: restore it with segue"
                " library restore COPY, or choose another --library."
            )
        if is_writable(path):
            make_private(path.parent, ENTRIES)
    engine = _engine(path)
    writable = is_writable(path)
    with translate_errors(path.parent):
        there = _tables(engine, path)
    database = Database(engine, path.parent)
    version = _checked_version(database)
    older = version < FORMAT_VERSION
    if older and not writable:
        raise LibraryError(
            f"The library {path.parent} has the earlier format {version} and cannot be written to:"
            " copy it to another place and choose that with --library."
        )
    if older or not there >= schema.tables.keys():
        with translate_errors(path.parent), _at_once(engine) as connection:
            before = _version(connection)  # another process may have upgraded it meanwhile
            if before < FORMAT_VERSION:
                _back_up(path, before)
                upgrade_files(path.parent, before)
            upgrade(connection, before)
            connection.exec_driver_sql(MARK_CHANGE)
        note_change(path)
    return database


def _engine(path: Path) -> Engine:
    # parameters of statements may be secret, and errors are logged
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(database_uri(path), uri=True, check_same_thread=False),
        poolclass=QueuePool,
        hide_parameters=True,
    )
    event.listen(engine, "connect", _configure if is_writable(path) else _configure_reader)
    return engine


def _create(path: Path) -> None:
    """Make an empty database under another name, and give it its name when it is complete."""
    left = [name for name in STATE if list(path.parent.glob(f"{name}/[!.]*"))]
    if left:
        raise LibraryError(
            f"{path} is missing, and {path.parent} holds {' and '.join(left)} of a library: restore"
            " its database with segue library restore COPY, or choose another --library."
        )
    make_directory(path.parent)
    temporary = Path(tempfile.mkdtemp(prefix=".new-library.db-", dir=path.parent))
    try:
        made = temporary / path.name
        made.touch(PRIVATE)  # SQLite gives its other files the same permissions
        # without a log, which would not be moved with it
        engine = create_engine(f"sqlite:///{made}")
        with _at_once(engine) as connection:
            schema.create_all(connection)
            values = {
                "format": str(FORMAT_VERSION),
                LIBRARY_ID: secrets.token_hex(16),
                LAST_CHANGE: "0",
            }
            rows = [{"key": key, "value": value} for key, value in values.items()]
            connection.execute(insert(meta), rows)
        engine.dispose()
        _link(made, path)
        sync(path.parent)
    finally:
        for file in temporary.iterdir():
            file.unlink()
        temporary.rmdir()


def _link(made: Path, path: Path) -> None:
    """Give a file its name, unless another process has made one of that name meanwhile."""
    try:
        os.link(made, path)
    except FileExistsError:
        pass
    except OSError:  # the disk has no hard links
        if not path.exists():
            made.rename(path)


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


def _tables(engine: Engine, path: Path) -> set[str]:
    existing = set(inspect(engine).get_table_names())
    if "meta" not in existing:
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
    make_directory(directory)
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
        sync(temporary)
        temporary.replace(place)
        sync(directory)
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
            f"The library {database.directory} states no format version: restore it with segue"
            " library restore COPY, or choose another --library."
        )
    if int(value) > FORMAT_VERSION:
        raise LibraryVersionError(
            f"The library {database.directory} has format {value}, and this segue reads up to"
            f" {FORMAT_VERSION}: upgrade segue, or choose another --library."
        )
    return int(value)


def _configure_reader(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:  # noqa: ARG001
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.close()


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
