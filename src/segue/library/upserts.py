"""Insert rows, and say what happens to those that are there already, on every database.

The statement class of PostgreSQL is used for both databases: SQLAlchemy compiles its ``ON
CONFLICT`` for SQLite too, but not the other way round.
"""

from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects.postgresql import insert as upsert

__all__ = ["insert_new", "upsert"]


def insert_new(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert a row, and return True; return False if its key, or a unique value, is there already.

    The number of inserted rows would not tell: PostgreSQL's driver gives none where SQLAlchemy
    reads the new key.
    """
    statement = upsert(table).values(values).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key)).first() is not None
