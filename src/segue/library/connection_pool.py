"""Connections for reading a library's database from any thread, with plain SQL."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue
from typing import Any, Final

from segue.library.storage import database_uri, translate_errors
from segue.text import printable_bytes

MAX_CONNECTIONS: Final = 16
"""Connections of one process, at most; each has three files open."""
_BUSY_SECONDS = 10.0
_CHUNK = 500


class ConnectionPool:
    """Connections to one database, which are opened when they are needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool: LifoQueue[sqlite3.Connection | None] = LifoQueue()
        for _ in range(MAX_CONNECTIONS):
            self._pool.put(None)
        self._watch: sqlite3.Connection | None = None  # its own: it counts what others write
        self._lock = threading.Lock()

    def changes(self) -> int:
        """Return a number that changes when a process has written to the database."""
        with translate_errors(self._path.parent), self._lock:
            if self._watch is None:
                self._watch = self._connect()
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close all connections, each after its use; the next query opens one again."""
        for connection in [self._pool.get() for _ in range(MAX_CONNECTIONS)]:
            if connection is not None:
                connection.close()
            self._pool.put(None)
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch = None

    def _all(self, query: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        # texts of people may have bytes that are not UTF-8
        given = [printable_bytes(one) if isinstance(one, str) else one for one in values]
        with self._using() as connection:
            return connection.execute(query, given).fetchall()

    def _in(self, query: str, values: Sequence[Any]) -> Iterator[sqlite3.Row]:
        """Yield the rows of a query whose last column is one of some values."""
        for start in range(0, len(values), _CHUNK):
            part = values[start : start + _CHUNK]
            yield from self._all(f"{query} IN ({','.join('?' * len(part))})", part)

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        connection = self._pool.get()  # waits while all are in use
        try:
            with translate_errors(self._path.parent):
                if connection is None:
                    connection = self._connect()
                yield connection
        finally:
            self._pool.put(connection)

    def _connect(self) -> sqlite3.Connection:
        found = sqlite3.connect(
            database_uri(self._path),
            uri=True,
            timeout=_BUSY_SECONDS,
            check_same_thread=False,
            isolation_level=None,
        )
        found.row_factory = sqlite3.Row
        found.execute("PRAGMA query_only = ON")
        return found
