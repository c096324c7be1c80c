"""Insert rows, and say what happens to those that are there already, on every database.

The statement class of PostgreSQL is used for both databases: SQLAlchemy compiles its ``ON
CONFLICT`` for SQLite too, but not the other way round.
"""

from sqlalchemy.dialects.postgresql import insert as upsert

__all__ = ["upsert"]
