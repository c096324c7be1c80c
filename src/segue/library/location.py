"""Which database system holds a library: SQLite in its directory, or a PostgreSQL server."""

import os
from pathlib import Path
from typing import Final

from segue.errors import MissingExtraError
from segue.library.database_address import database_address, stored_address
from segue.library.database_backend import DatabaseBackend
from segue.library.sqlite_backend import SqliteBackend

DATABASE_VARIABLE: Final = "SEGUE_DATABASE"
"""Environment variable with the address of a PostgreSQL server, for new libraries."""


def backend_of(directory: Path) -> DatabaseBackend:
    """Return the database system of the library in a directory, whether it exists or not.

    `library.toml` in the directory decides. Without it, a directory with `library.db` uses SQLite,
    and so do others unless `SEGUE_DATABASE` names a server.

    Raises
    ------
    LibraryError
        If `library.toml` or `SEGUE_DATABASE` cannot be used.
    MissingExtraError
        If the extra for PostgreSQL is not installed.
    """
    local = SqliteBackend(directory)
    address, default = stored_address(directory), os.environ.get(DATABASE_VARIABLE)
    if address is None and default and not local.exists():
        address = database_address(default, directory)
    if address is None:
        return local
    try:
        from segue.library.postgresql_backend import PostgresqlBackend
    except ImportError as error:
        raise MissingExtraError("A library on PostgreSQL", "postgresql") from error
    return PostgresqlBackend(directory, address)


def library_exists(directory: Path) -> bool:
    """Return whether there is a library in a directory.

    Raises
    ------
    LibraryError
        If its database server cannot be asked.
    """
    return backend_of(directory).exists()
