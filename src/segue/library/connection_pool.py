"""Connections for reading a library's database from any thread, with plain SQL."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from queue import LifoQueue
from typing import Any, Final

from segue.library.database_backend import ChangeCounter, DatabaseBackend, RawConnection
from segue.library.storage import translate_errors
from segue.text import printable_bytes

MAX_CONNECTIONS: Final = 16
"""Connections of one process, at most; each has three files open."""
_CHUNK = 500


class ConnectionPool:
    """Connections to one database, which are opened when they are needed."""

    def __init__(self, backend: DatabaseBackend) -> None:
        self._backend = backend
        self._pool: LifoQueue[RawConnection | None] = LifoQueue()
        for _ in range(MAX_CONNECTIONS):
            self._pool.put(None)
        self._counter: ChangeCounter | None = None
        self._lock = threading.Lock()

    def changes(self) -> int:
        """Return a number that changes when a process has written to the database."""
        with translate_errors(self._backend.directory), self._lock:
            if self._counter is None:
                self._counter = self._backend.change_counter()
            return self._counter.count()

    def close(self) -> None:
        """Close all connections, each after its use; the next query opens one again."""
        for connection in [self._pool.get() for _ in range(MAX_CONNECTIONS)]:
            if connection is not None:
                connection.close()
            self._pool.put(None)
        with self._lock:
            if self._counter is not None:
                self._counter.close()
            self._counter = None

    def _all(self, query: str, values: Sequence[Any]) -> list[Any]:
        # texts of people may have bytes that are not UTF-8
        given = [printable_bytes(one) if isinstance(one, str) else one for one in values]
        with self._using() as connection:
            return connection.execute(query, given).fetchall()

    def _in(self, query: str, values: Sequence[Any]) -> Iterator[Any]:
        """Yield the rows of a query whose last column is one of some values."""
        for start in range(0, len(values), _CHUNK):
            part = values[start : start + _CHUNK]
            yield from self._all(f"{query} IN ({','.join('?' * len(part))})", part)

    @contextmanager
    def _using(self) -> Iterator[RawConnection]:
        connection = self._pool.get()  # waits while all are in use
        try:
            with translate_errors(self._backend.directory):
                if connection is None:
                    connection = self._backend.raw_connection()
                yield connection
        finally:
            self._pool.put(connection)

    @contextmanager
    def _one_state(self) -> Iterator[RawConnection]:
        """Yield a connection that reads one state of the database."""
        with self._using() as connection:
            connection.execute(self._backend.snapshot_statement)
            try:
                yield connection
            finally:
                connection.execute("COMMIT")
