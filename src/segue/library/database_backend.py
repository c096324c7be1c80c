"""What a database system does for a library: SQLite in its directory, or PostgreSQL.

`segue.library.database` has the parts that are common to both; `segue.library.location` says which
one a library uses.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine


class ReadCursor(Protocol):
    """The result of a query."""

    def fetchall(self) -> list[Any]:
        """Return the rows: sequences of values that are also found by the names of columns."""

    def fetchone(self) -> Any:
        """Return the next row, None after the last."""

    def __iter__(self) -> Any:
        """Iterate over the rows."""


class RawConnection(Protocol):
    """A connection for reading, without SQLAlchemy, which costs more than a small query."""

    def execute(self, query: str, values: Sequence[Any] = ()) -> ReadCursor:
        """Execute a query with ``?`` or ``?1`` in the places of values."""

    def close(self) -> None:
        """Close the connection."""


class ChangeCounter(Protocol):
    """Notices what any process writes to a database."""

    def count(self) -> int:
        """Return a number that changes when a process has written to the database."""

    def close(self) -> None:
        """Close the connection."""


class Lease(Protocol):
    """A right that one process has at a time; it passes on when the process ends."""

    @property
    def is_held(self) -> bool:
        """Whether this process has taken the lease and not released it."""

    def take(self) -> bool:
        """Return whether this process holds the lease, after an attempt to get it."""

    def release(self) -> None:
        """Let another process take the lease."""


class DatabaseBackend(Protocol):
    """The database system of one library."""

    directory: Path
    """The directory of the files of the library."""
    files_url: str | None
    """URL of object storage with the files of the library; None where they lie in `directory`."""
    snapshot_statement: str
    """SQL that begins a transaction that reads one state."""

    def exists(self) -> bool:
        """Return whether there is a library."""

    def is_writable(self) -> bool:
        """Return whether this process may write to the library."""

    def prepare(self) -> None:
        """Make a library that is missing."""

    def engine(self) -> Engine:
        """Return the engine, which opens connections when they are needed."""

    def transaction(
        self, connection: Connection, *, wait: bool = True
    ) -> AbstractContextManager[None]:
        """Return a context in which a connection writes, and no other one of any process.

        Other processes notice the change after it. With `wait` false, a database that another
        program is writing to is a `LibraryBusyError` at once.
        """

    def upgrade_transaction(self, engine: Engine) -> AbstractContextManager[Connection]:
        """Return a context with a connection that changes tables; no other process writes."""

    def back_up(self, version: int) -> None:
        """Copy a database of an earlier format to `backups/` before it is upgraded."""

    def not_waiting(self, connection: Connection) -> AbstractContextManager[None]:
        """Return a context in which a connection hardly waits for other writers."""

    def raw_connection(self) -> RawConnection:
        """Return a new connection for reading."""

    def change_counter(self) -> ChangeCounter:
        """Return a new counter of changes."""

    def in_list(self, column: str, values: Sequence[str]) -> tuple[str, list[Any]]:
        """Return a condition with one value for it: a column is one of any number of texts."""

    def writing(self, verb: str) -> AbstractContextManager[None]:
        """Return a context in which the library is locked for `verb`."""

    def writer(self) -> str | None:
        """Return the verb and process that lock the library; None if none does."""

    def scheduler_lease(self) -> Lease:
        """Return the right to run the schedules of the library."""

    def copy_database(self, path: Path) -> dict[str, int]:
        """Copy the database into a new SQLite file, while others may write.

        Returns the numbers of rows of the tables that a backup states.
        """

    def replace_database(self, path: Path) -> Path | None:
        """Replace all rows by those of a SQLite file; return where the replaced ones are kept."""

    def n_bytes(self) -> int:
        """Return about the size of the database."""

    def damage(self) -> list[str]:
        """Return what is wrong with the database, in sentences."""

    def format(self) -> int:
        """Return the format of the database; the current one where it cannot be read."""

    def closed(self) -> None:
        """Do what is left when this process has closed the library."""
