"""Open the databases of other programs read-only, and read their rows.

Conventions
-----------
- A database is opened as immutable where SQLite would have to write next to it.
- Text that is not UTF-8 is read with replacement characters.
- Columns that a version of a program lacks are None.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from segue.sources.history_import.import_row import ImportIssue, ImportRow, UnusableRow

Connection: TypeAlias = sqlite3.Connection
DatabaseError: TypeAlias = sqlite3.Error
Row = Mapping[str, Any]


def open_database(path: Path) -> Connection:
    """Open a database read-only.

    Raises
    ------
    sqlite3.Error
        It cannot be opened.
    """
    name = quote(str(path.absolute()))
    connection = _connected(f"file:{name}?mode=ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # a write-ahead log in a directory that we may not write to
        connection.close()
        connection = _connected(f"file:{name}?mode=ro&immutable=1")
    return connection


def columns_of(connection: Connection, table: str) -> set[str]:
    """Return the names of the columns of a table, none where it is missing."""
    return {row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')}


def has_columns(path: Path, required: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a database has tables with these columns."""
    try:
        with closing(open_database(path)) as connection:
            return all(
                columns_of(connection, table) >= set(columns) for table, columns in required.items()
            )
    except sqlite3.Error:
        return False


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


def _connected(uri: str) -> Connection:
    connection = sqlite3.connect(uri, uri=True)
    connection.text_factory = lambda raw: raw.decode(errors="replace")
    return connection
