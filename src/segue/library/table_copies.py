"""Copy and compare all rows of a library between databases, whatever the database systems."""

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    func,
    insert,
    select,
    text,
    true,
)

from segue.library.schema import meta
from segue.library.seal import LAST_CHANGE
from segue.types import Progress, no_progress

_CHUNK: Final = 5_000


def copy_tables(
    source: Connection, target: Connection, tables: MetaData, *, progress: Progress = no_progress
) -> dict[str, int]:
    """Copy the rows of all tables to empty ones; return their numbers.

    Both connections are inside transactions of the caller.
    """
    counts = {table.name: _count(source, table) for table in tables.sorted_tables}
    with progress("Copying rows", sum(counts.values())) as advance:
        for table in tables.sorted_tables:
            for rows in _parts(source, table):
                target.execute(insert(table), [row._asdict() for row in rows])
                advance(len(rows))
            _continue_numbers(target, table)
    return counts


def differing_tables(
    one: Connection, other: Connection, tables: MetaData, *, progress: Progress = no_progress
) -> list[str]:
    """Return the names of the tables whose rows are not the same in both databases.

    The mark of the last change is that of each database.
    """
    total = sum(_count(one, table) for table in tables.sorted_tables)
    with progress("Comparing rows", total) as advance:
        return [
            table.name
            for table in tables.sorted_tables
            if not _same_rows(one, other, table, advance)
        ]


def delete_rows(connection: Connection, tables: MetaData) -> None:
    """Delete all rows of all tables."""
    for table in reversed(tables.sorted_tables):
        connection.execute(table.delete())


def _same_rows(one: Connection, other: Connection, table: Table, advance: Any) -> bool:
    where = table.c.key != LAST_CHANGE if table is meta else true()
    theirs = (row for rows in _parts(other, table, where) for row in rows)
    for rows in _parts(one, table, where):
        for row in rows:
            if tuple(row) != tuple(next(theirs, ())):
                return False
        advance(len(rows))
    return next(theirs, None) is None


def _parts(
    connection: Connection, table: Table, where: ColumnElement[bool] | None = None
) -> Iterator[list[Any]]:
    """Yield the rows of a table in the order of its key, some thousands at a time."""
    query = select(table).order_by(*(_ordered(connection, column) for column in _key(table)))
    query = query if where is None else query.where(where)
    with connection.execute(query, execution_options={"yield_per": _CHUNK}) as result:
        for rows in result.partitions():
            yield list(rows)


def _key(table: Table) -> list[Column[Any]]:
    """Return the columns that identify a row."""
    primary = list(table.primary_key.columns)
    return primary or list(table.columns)


def _ordered(connection: Connection, column: Column[Any]) -> Any:
    # by bytes, as SQLite does: the order of texts depends on the language of a database
    own = isinstance(column.type, String) and connection.dialect.name == "postgresql"
    return column.collate("C") if own else column


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _continue_numbers(connection: Connection, table: Table) -> None:
    """Let new rows of a table have later numbers than those that were copied."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    last = connection.scalar(select(func.max(column)))
    if last is not None:
        names = {"table": quote(table.name), "column": column.name, "last": last}
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), names
        )
