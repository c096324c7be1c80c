"""Open the databases of other programs read-only, and read their rows.

Conventions
-----------
- Nothing is written next to a database. SQLite would do so for one with a write-ahead log: such a
  database is read as immutable where there is no log, else as a copy with its log, in a temporary
  directory. All others are read with locks.
- Text that is not UTF-8 is read with replacement characters.
- Columns that a version of a program lacks are None.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote

from segue.sources.history_import.import_row import ImportIssue, ImportRow, UnusableRow

Connection: TypeAlias = sqlite3.Connection
DatabaseError: TypeAlias = sqlite3.Error
Row = Mapping[str, Any]
Opened = TypeVar("Opened", bound=sqlite3.Connection)
_LOCK_SECONDS = 2.0
_COPIES = 3


def open_database(path: Path) -> Connection:
    """Open a database read-only.

    Raises
    ------
    sqlite3.Error
        It cannot be opened, or another program is writing to it (`is_locked`).
    """
    if not _uses_log(path):
        return _connected(f"file:{quote(str(path.absolute()))}?mode=ro")
    log = path.with_name(path.name + "-wal")
    if not _size(log):
        return _connected(f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1")
    directory = TemporaryDirectory(prefix="segue")
    try:
        copy = _copied(path, log, Path(directory.name))
        connection = _connected(f"file:{quote(str(copy))}?mode=rw", _CopyConnection)
    except (OSError, sqlite3.Error) as error:
        directory.cleanup()
        if isinstance(error, OSError):
            raise sqlite3.OperationalError(f"no copy of it can be made: {error}") from error
        raise
    connection.directory = directory
    return connection


def is_locked(error: DatabaseError) -> bool:
    """Return whether an error says that another program is writing to the database."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def columns_of(connection: Connection, table: str) -> set[str]:
    """Return the names of the columns of a table, none where it is missing."""
    return {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}


def has_columns(path: Path, required: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a database has tables with these columns."""
    try:
        with closing(open_database(path)) as connection:
            return connection_has_columns(connection, required)
    except sqlite3.Error:
        return False


def connection_has_columns(connection: Connection, required: Mapping[str, Sequence[str]]) -> bool:
    """Return whether an open database has tables with these columns."""
    return all(columns_of(connection, table) >= set(columns) for table, columns in required.items())


def optional(connection: Connection, table: str, alias: str, names: Sequence[str]) -> str:
    """Return the SQL of some columns of a table, NULL for those that it lacks."""
    present = columns_of(connection, table)
    return ", ".join(f"{alias}.{name}" if name in present else f"NULL AS {name}" for name in names)


def each_row(connection: Connection, query: str) -> Iterator[Row]:
    """Yield the rows of a query by the names of their columns."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, row, strict=True))


def usable_rows(rows: Iterator[ImportRow]) -> Iterator[ImportRow | ImportIssue]:
    """Yield rows, and the reason in place of those that follow an unusable one."""
    try:
        yield from rows
    except UnusableRow as why:
        yield ImportIssue(why.reason, expected=why.expected)


class _CopyConnection(sqlite3.Connection):
    """A connection to a copy, which is deleted when it is closed."""

    directory: TemporaryDirectory[str] | None = None

    def close(self) -> None:
        """Close the connection and delete the copy."""
        super().close()
        if self.directory is not None:
            self.directory.cleanup()


def _connected(uri: str, factory: type[Opened] = sqlite3.Connection) -> Opened:  # type: ignore[assignment]
    connection = sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, factory=factory)
    connection.text_factory = lambda raw: raw.decode(errors="replace")
    return connection


def _uses_log(path: Path) -> bool:
    """Return whether the header of a database says that it has a write-ahead log."""
    try:
        with path.open("rb") as file:
            return file.read(20)[18:] == b"\x02\x02"
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from error


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _copied(path: Path, log: Path, directory: Path) -> Path:
    """Copy a database and its log as they are at one time; return the path of the copy.

    Raises
    ------
    sqlite3.OperationalError
        Another program wrote to them meanwhile, each time.
    OSError
        They cannot be copied.
    """
    copy = directory / "copy.db"
    for _ in range(_COPIES):
        before = _state(path, log)
        shutil.copyfile(path, copy)
        shutil.copyfile(log, directory / "copy.db-wal")
        if _state(path, log) == before:
            return copy
    raise sqlite3.OperationalError("another program is writing to it")


def _state(*paths: Path) -> list[tuple[int, int]]:
    found = [path.stat() for path in paths]
    return [(one.st_mtime_ns, one.st_size) for one in found]
