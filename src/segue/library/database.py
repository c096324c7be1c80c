"""The database of a library: connections, transactions, its format version.

`meta` identifies the library, ``library id``, and the state of the features that its rows belong
to, ``features token``: see `segue.library.identity`.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from sqlalchemy import Connection, Engine, inspect, select

import segue.library.connection_schema
import segue.library.serving_schema  # noqa: F401  # its tables belong to the schema
from segue.errors import LibraryError, LibraryVersionError
from segue.library.database_backend import DatabaseBackend
from segue.library.migrations import upgrade, upgrade_files
from segue.library.schema import FORMAT_VERSION, meta, schema
from segue.library.storage import translate_errors


class Database:
    """The database of one library.

    Errors of the database or the disk inside a ``with`` are raised as `LibraryError`.
    """

    def __init__(self, backend: DatabaseBackend, engine: Engine) -> None:
        self.backend, self.directory = backend, backend.directory
        self._engine = engine
        self.observe: Callable[[], AbstractContextManager[object]] = nullcontext
        """Returns a context in which a transaction runs, for traces."""

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Yield a connection for reading."""
        with translate_errors(self.directory), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def begin(self, *, wait: bool = True) -> Iterator[Connection]:
        """Yield a connection whose changes are committed together at the end, or not at all.

        Transactions of one library do not run at the same time. With `wait` false a database that
        another program is writing to is a `LibraryBusyError` at once, instead of after some time.
        """
        with (
            self.observe(),
            translate_errors(self.directory),
            self._engine.connect() as connection,
            self.backend.transaction(connection, wait=wait),
        ):
            yield connection

    @contextmanager
    def one_state(self) -> Iterator[Connection]:
        """Yield a connection that reads one state, also while other processes write."""
        options = {"isolation_level": "AUTOCOMMIT"}  # the statements below begin and end it
        with self.connect() as opened:
            connection = opened.execution_options(**options)
            connection.exec_driver_sql(self.backend.snapshot_statement)
            try:
                yield connection
            finally:
                connection.exec_driver_sql("ROLLBACK")

    def not_waiting(self, connection: Connection) -> AbstractContextManager[None]:
        """Return a context in which a connection hardly waits for other writers."""
        return self.backend.not_waiting(connection)

    def close(self) -> None:
        """Close all connections; the next query opens one again."""
        self._engine.dispose()
        self.backend.closed()


def open_database(backend: DatabaseBackend) -> Database:
    """Open the database of a library; make or upgrade it and its tables where needed.

    Raises
    ------
    LibraryVersionError
        If a newer segue wrote it.
    LibraryError
        If it cannot be opened, is no library, or was lost: its directory holds models or features.
    """
    directory = backend.directory
    with translate_errors(directory):
        backend.prepare()
    writable = backend.is_writable()
    engine = backend.engine()
    with translate_errors(directory):
        there = set(inspect(engine).get_table_names())
    database = Database(backend, engine)
    version = _checked_version(database, there)
    older = version < FORMAT_VERSION
    if older and not writable:
        raise LibraryError(
            f"The library {directory} has the earlier format {version} and cannot be written to:"
            " copy it to another place and choose that with --library."
        )
    if older or not there >= schema.tables.keys():
        with translate_errors(directory), backend.upgrade_transaction(engine) as connection:
            before = _version(connection)  # another process may have upgraded it meanwhile
            if before < FORMAT_VERSION:
                backend.back_up(before)
                upgrade_files(directory, before)
            upgrade(connection, before)
    return database


def _version(connection: Connection) -> int:
    value = connection.scalar(select(meta.c.value).where(meta.c.key == "format"))
    return int(value or 0)


def _checked_version(database: Database, tables: set[str]) -> int:
    directory = database.directory
    if "meta" not in tables:
        raise LibraryError(
            f"The database of {directory} is not one of segue's: choose another --library."
        )
    with database.connect() as connection:
        value = connection.scalar(select(meta.c.value).where(meta.c.key == "format"))
    if value is None or not value.isdecimal():
        raise LibraryError(
            f"The library {directory} states no format version: restore it with segue"
            " library restore COPY, or choose another --library."
        )
    if int(value) > FORMAT_VERSION:
        raise LibraryVersionError(
            f"The library {directory} has format {value}, and this segue reads up to"
            f" {FORMAT_VERSION}: upgrade segue, or choose another --library."
        )
    return int(value)
