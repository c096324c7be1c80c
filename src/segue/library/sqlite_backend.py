"""`library.db`: SQLite in WAL mode, in the directory of a library."""

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import Connection, Engine, create_engine, event, insert
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from segue.errors import LibraryError
from segue.library.database_checks import database_damage, format_of
from segue.library.files import PRIVATE, make_directory, make_private, sync
from segue.library.lock import SchedulerLease, writer, writing
from segue.library.migrations import first_meta
from segue.library.schema import meta, schema
from segue.library.seal import MARK_CHANGE, note_change, seal_if_changed
from segue.library.sqlite_copies import (
    copy_database,
    new_copy,
    path_of_upgrade_copy,
    replace_database,
)
from segue.library.storage import BUSY_MS, database_uri, is_writable, translate_errors

STATE: Final = ("features", "models")
"""Directories of a library that belong to its database."""
ENTRIES: Final = (
    *("library.db*", "library.toml", *STATE, "reports", "jobs", "covers", "backups"),
    *(".lock", ".scheduler"),
)
"""Everything that segue writes into the directory of a library."""
_IMPATIENT_MS: Final = 50


class SqliteBackend:
    """The file `library.db` in the directory of a library."""

    snapshot_statement = "BEGIN"
    files_url: str | None = None

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / "library.db"

    def exists(self) -> bool:
        """Return whether there is a library."""
        return self.path.is_file()

    def is_writable(self) -> bool:
        """Return whether this process may write to the library."""
        return is_writable(self.path)

    def prepare(self) -> None:
        """Make a library that is missing.

        Raises
        ------
        LibraryError
            If it was lost: its directory holds models or features.
        """
        with translate_errors(self.directory):
            if not self.path.exists():
                _create(self.path)
            elif not self.path.stat().st_size:
                raise LibraryError(
                    f"{self.path} is empty, so its tracks and listens are lost: restore it with"
                    " segue library restore COPY, or choose another --library."
                )
            if self.is_writable():
                make_private(self.directory, ENTRIES)

    def engine(self) -> Engine:
        """Return the engine, which opens connections when they are needed."""
        path = self.path
        # parameters of statements may be secret, and errors are logged
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(database_uri(path), uri=True, check_same_thread=False),
            poolclass=QueuePool,
            hide_parameters=True,
        )
        event.listen(engine, "connect", _configure if is_writable(path) else _configure_reader)
        return engine

    @contextmanager
    def transaction(self, connection: Connection, *, wait: bool = True) -> Iterator[None]:
        """Write with a connection; its first change locks the database for others."""
        with _busy_timeout(connection, BUSY_MS if wait else 0), connection.begin():
            driver = cast("sqlite3.Connection", connection.connection.driver_connection)
            before = driver.total_changes
            yield
            if driver.total_changes != before:
                connection.exec_driver_sql(MARK_CHANGE)
                note_change(self.path)

    @contextmanager
    def upgrade_transaction(self, engine: Engine) -> Iterator[Connection]:
        """Yield a connection that may change tables, while no other process writes."""
        with _at_once(engine) as connection:
            yield connection
            connection.exec_driver_sql(MARK_CHANGE)
        note_change(self.path)

    def back_up(self, version: int) -> None:
        """Copy a database of an earlier format to `backups/` before it is upgraded."""
        _back_up(self.path, version)

    def not_waiting(self, connection: Connection) -> AbstractContextManager[None]:
        """Return a context in which a connection hardly waits for other writers."""
        return _busy_timeout(connection, _IMPATIENT_MS)

    def raw_connection(self) -> sqlite3.Connection:
        """Return a new connection for reading."""
        found = sqlite3.connect(
            database_uri(self.path),
            uri=True,
            timeout=BUSY_MS / 1_000,
            check_same_thread=False,
            isolation_level=None,
        )
        found.row_factory = sqlite3.Row
        found.execute("PRAGMA query_only = ON")
        return found

    def change_counter(self) -> "_DataVersion":
        """Return a new counter of changes."""
        return _DataVersion(self.raw_connection())

    def in_list(self, column: str, values: Sequence[str]) -> tuple[str, list[Any]]:
        """Return a condition with one value for it: a column is one of any number of texts."""
        return f"{column} IN (SELECT value FROM json_each(?))", [json.dumps(values)]  # noqa: S608

    def writing(self, verb: str) -> AbstractContextManager[None]:
        """Return a context in which the library is locked for `verb`."""
        return writing(self.directory, verb)

    def writer(self) -> str | None:
        """Return the verb and process that lock the library; None if none does."""
        return writer(self.directory)

    def scheduler_lease(self) -> SchedulerLease:
        """Return the right to run the schedules of the library."""
        return SchedulerLease(self.directory)

    def copy_database(self, path: Path) -> dict[str, int]:
        """Copy the database in one step, while others may write; return the numbers of its rows."""
        return copy_database(self.path, path)

    def replace_database(self, path: Path) -> Path | None:
        """Write a copy over the database; return where the replaced one is kept, if there was."""
        return replace_database(self.path, path)

    def n_bytes(self) -> int:
        """Return the size of the database."""
        return sum(path.stat().st_size for path in self.directory.glob("library.db*"))

    def damage(self) -> list[str]:
        """Return what is wrong with the database, in sentences."""
        return database_damage(self.path)

    def format(self) -> int:
        """Return the format of the database; the current one where it cannot be read."""
        return format_of(self.path)

    def closed(self) -> None:
        """Write the checksum of the database if this process wrote to it."""
        seal_if_changed(self.path)


class _DataVersion:
    """SQLite's number for what other connections wrote, on a connection of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def count(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._connection.close()


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
            connection.execute(insert(meta), first_meta())
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
    place = path_of_upgrade_copy(path.parent, version)
    try:
        with new_copy(place) as temporary:
            copy_database(path, temporary)
    except sqlite3.Error as error:
        raise LibraryError(
            f"Cannot copy {path} to {place.parent} before it is upgraded ({error}): free some"
            " space and open the library again."
        ) from error


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
