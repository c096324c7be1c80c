"""Connections to a PostgreSQL server: for reading, for notifications, and for locks."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Final

import psycopg
from psycopg.types.string import StrDumper

from segue.library.database_address import DatabaseAddress
from segue.library.storage import BUSY_MS

_CONNECT: Final[Mapping[str, Any]] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
_ALIVE_SECONDS: Final = 10.0  # after which a silent connection is tested
_TRY_SESSION_LOCK: Final = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"

Connect = Callable[[], "psycopg.Connection[Any]"]


def connected(address: DatabaseAddress) -> "psycopg.Connection[Any]":
    """Return a new connection, whose tables are those of a library.

    Raises
    ------
    psycopg.OperationalError
        If the server cannot be reached.
    """
    connection = _Connection.connect(address.url, **_CONNECT)
    connection.adapters.register_dumper(str, _TextDumper)
    connection.execute(
        "SELECT set_config('search_path', %s, false), set_config('lock_timeout', %s, false)",
        [f'"{address.schema}"', str(BUSY_MS)],
    )
    connection.commit()
    return connection


class _Connection(psycopg.Connection[Any]):
    """A connection that closes with the library that opened it, like a file of SQLite."""

    def __del__(self, *_: Any) -> None:
        self.close()


class _TextDumper(StrDumper):
    """Texts without NUL characters, which PostgreSQL does not store."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", ""))


class NamedRow(tuple[Any, ...]):
    """A row whose values are also found by the names of columns."""

    __slots__ = ()
    places: ClassVar[Mapping[str, int]] = {}

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.places[key] if isinstance(key, str) else key)

    def keys(self) -> list[str]:
        """Return the names of the columns."""
        return list(self.places)


@lru_cache(maxsize=256)
def _row_class(names: tuple[str, ...]) -> type[NamedRow]:
    places = {name: place for place, name in enumerate(names)}
    return type("NamedRow", (NamedRow,), {"places": places, "__slots__": ()})


def _named_rows(cursor: "psycopg.Cursor[Any]") -> Callable[[Sequence[Any]], NamedRow]:
    return _row_class(tuple(column.name for column in cursor.description or ()))


@lru_cache(maxsize=256)
def _translated(query: str) -> tuple[str, bool]:
    """Return a query with psycopg's placeholders, and whether they have names.

    >>> _translated("SELECT a FROM b WHERE c = ? AND d LIKE '%x'")
    ("SELECT a FROM b WHERE c = %s AND d LIKE '%%x'", False)
    >>> _translated("SELECT a FROM b WHERE c = ?1 OR d = ?1")
    ('SELECT a FROM b WHERE c = %(v1)s OR d = %(v1)s', True)
    """
    query = query.replace("%", "%%")
    numbered = re.sub(r"\?(\d+)", r"%(v\1)s", query)
    return (numbered, True) if numbered != query else (query.replace("?", "%s"), False)


class ReadOnlyConnection:
    """A connection for reading, which connects again when the server was restarted."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._connection = self._opened()

    def _opened(self) -> "psycopg.Connection[Any]":
        connection = self._connect()
        connection.autocommit = True
        connection.row_factory = _named_rows
        connection.execute("SET default_transaction_read_only = on")
        return connection

    def execute(self, query: str, values: Sequence[Any] = ()) -> Any:
        """Execute a query with ``?`` or ``?1`` in the places of values."""
        text, named = _translated(query)
        given = {f"v{place}": one for place, one in enumerate(values, start=1)} if named else values
        status = self._connection.info.transaction_status
        try:
            return self._connection.execute(text, given)
        except psycopg.OperationalError:
            within = status == psycopg.pq.TransactionStatus.INTRANS
            if not self._connection.broken or within:
                raise
        self._connection = self._opened()
        return self._connection.execute(text, given)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class Notifications:
    """Counts the messages of transactions that wrote, on a connection of its own."""

    def __init__(self, connect: Connect, channel: str) -> None:
        self._connect, self._channel = connect, channel
        self._connection: psycopg.Connection[Any] | None = None
        self._count, self._tested = 0, 0.0

    def count(self) -> int:
        """Return a number that changes when a process has written to the database."""
        for _ in range(2):  # a connection that was lost is replaced
            try:
                connection = self._listening()
                if time.monotonic() - self._tested > _ALIVE_SECONDS:
                    connection.execute("SELECT 1")
                    self._tested = time.monotonic()
                self._count += _messages(connection)
                break
            except psycopg.OperationalError as error:
                self.close()
                lost = error
        else:
            raise lost
        return self._count

    def _listening(self) -> "psycopg.Connection[Any]":
        if self._connection is None:
            connection = self._connect()
            connection.autocommit = True
            connection.execute(f'LISTEN "{self._channel}"')
            self._connection, self._tested = connection, time.monotonic()
            self._count += 1  # what was written before is not known
        return self._connection

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _messages(connection: "psycopg.Connection[Any]") -> int:
    """Return the number of messages that have arrived, without waiting for more."""
    n_messages = 0
    connection.pgconn.consume_input()
    while connection.pgconn.notifies() is not None:
        n_messages += 1
    if connection.pgconn.status != psycopg.pq.ConnStatus.OK:
        raise psycopg.OperationalError("the server closed the connection")
    return n_messages


class SessionLock:
    """An advisory lock that the server releases when the process or its machine dies."""

    def __init__(self, connect: Connect, name: str, holder: str) -> None:
        self._connect, self._name, self._holder = connect, name, holder
        self._connection: psycopg.Connection[Any] | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process has taken the lock and not released it."""
        return self._connection is not None

    def take(self) -> bool:
        """Return whether this process holds the lock, after an attempt to get it."""
        if self._connection is not None:
            try:
                self._connection.execute("SELECT 1")
            except psycopg.OperationalError:
                self.release()
            else:
                return True
        connection = self._connect()
        connection.autocommit = True
        connection.execute("SELECT set_config('application_name', %s, false)", [self._holder])
        found = connection.execute(_TRY_SESSION_LOCK, [self._name]).fetchone()
        if not found or not found[0]:
            connection.close()
            return False
        self._connection = connection
        return True

    def release(self) -> None:
        """Let another process take the lock."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
