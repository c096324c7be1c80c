"""Errors of the disk and of the database, in one sentence."""

import errno
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from segue.errors import LibraryBusyError, StorageError, StorageFullError

BUSY_MS = 10_000
"""Time for which a transaction waits for another writer."""
BACKUP_FACTS = "backup.json"
"""File that makes a library directory a backup: see `segue.library.backup`."""
_MIN_FREE_BYTES = 1 << 20  # what a failed write has freed again
_FULL = "the disk is full; free some space and try again"
_NO_INODES = "the disk can hold no more files (no free inodes); delete some files and try again"
_SENTENCES = {
    errno.EDQUOT: "the disk quota is used up; free some space and try again",
    errno.EROFS: "the disk is read-only; choose another place with --library",
    errno.EACCES: "permission was denied; change its permissions or choose another --library",
    errno.EPERM: "permission was denied; change its permissions or choose another --library",
    errno.EMFILE: "this process has too many open files; raise its limit (ulimit -n)",
}
_SQLITE_SENTENCES = {
    "SQLITE_IOERR": "the disk refuses to read or write; check the disk",
    "SQLITE_READONLY": _SENTENCES[errno.EROFS],
    "SQLITE_CANTOPEN": "its database cannot be opened, since the disk is read-only or permission"
    " was denied; change that or choose another --library",
}
# SQLite reports a full disk in several ways, depending on what it was writing
_MAYBE_FULL = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_CORRUPT")
_POSTGRESQL_SENTENCES: tuple[tuple[str, type[StorageError], str], ...] = (
    ("55P03", LibraryBusyError, "another program is writing to it; try again later"),
    ("40", LibraryBusyError, "another program is writing to it; try again later"),
    ("53100", StorageFullError, "the disk of its database server is full; free some space there"),
    ("53", LibraryBusyError, "its database server has too many connections; try again later"),
    ("57", LibraryBusyError, "its database server is stopping; try again later"),
    ("08", LibraryBusyError, "the connection to its database server was lost; try again later"),
    ("25006", StorageError, "its database server takes no changes; use the primary server"),
    ("42501", StorageError, "the user of its database may not do that; grant it the schema"),
)
"""Kinds of errors by the start of the code: PostgreSQL's documentation, appendix A."""


@contextmanager
def translate_errors(place: Path) -> Iterator[None]:
    """Raise errors of the disk or the database as a `StorageError` that names `place`."""
    try:
        yield
    except OSError as error:
        raise _os_error(place, error) from error
    except DBAPIError as error:
        raise _database_error(place, error.orig or error) from error
    except _raw_errors() as error:
        raise _database_error(place, error) from error
    except PoolTimeoutError as error:
        sentence = "all of its connections are in use; try again later"
        raise _refused(place, LibraryBusyError, sentence) from error


def _os_error(place: Path, error: OSError) -> StorageError:
    if error.errno == errno.ENOSPC:
        return _refused(place, StorageFullError, _reason_full(place) or _FULL)
    kind = StorageFullError if error.errno == errno.EDQUOT else StorageError
    text = f"{os.strerror(error.errno) if error.errno else error}; check that path"
    return _refused(place, kind, _SENTENCES.get(error.errno or 0, text))


def busy_error(place: Path) -> LibraryBusyError:
    """Return the error of a transaction that does not wait for another writer."""
    return LibraryBusyError(_sentence(place, "another program is writing to it; try again later"))


def _raw_errors() -> tuple[type[Exception], ...]:
    """Return the errors of database drivers that are used without SQLAlchemy."""
    psycopg = sys.modules.get("psycopg")
    return (sqlite3.Error,) if psycopg is None else (sqlite3.Error, psycopg.Error)


def _database_error(place: Path, error: BaseException) -> StorageError:
    if hasattr(error, "sqlstate"):
        return _postgresql_error(place, error, error.sqlstate or "")
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        sentence = "another program is writing to it; try again when that has finished"
        return _refused(place, LibraryBusyError, sentence)
    full = _reason_full(place) if name.startswith(_MAYBE_FULL) else None
    if full or name.startswith("SQLITE_FULL"):
        return _refused(place, StorageFullError, full or _FULL)
    for prefix, sentence in _SQLITE_SENTENCES.items():
        if name.startswith(prefix):
            return _refused(place, StorageError, sentence)
    damaged = f"{error}; if this persists, restore the file library.db from a copy"
    return _refused(place, StorageError, damaged)


def _postgresql_error(place: Path, error: BaseException, state: str) -> StorageError:
    text = " ".join(str(error).split()).rstrip(".")
    if state.startswith("28") or "authentication failed" in text or "no password" in text:
        sentence = f"its database server refuses the user ({text}); correct the address or password"
        return _refused(place, StorageError, sentence)
    if state == "3D000" or ('database "' in text and "does not exist" in text):
        return _refused(place, StorageError, f"{text}; make the database or correct the address")
    for prefix, kind, sentence in _POSTGRESQL_SENTENCES:
        if state.startswith(prefix):
            return _refused(place, kind, sentence)
    if not state and type(error).__name__ == "OperationalError":
        sentence = f"its database server does not answer ({text}); start it, or try again later"
        return _refused(place, LibraryBusyError, sentence)
    return _refused(place, StorageError, f"its database server answers: {text}")


def _refused(place: Path, kind: type[StorageError], sentence: str) -> StorageError:
    return kind(_sentence(place, sentence))


def _sentence(place: Path, sentence: str) -> str:
    return f"Cannot use the library {place}: {sentence}."


def _reason_full(place: Path) -> str | None:
    """Return why the disk of `place` takes no more data, None if it has room."""
    there = next(path for path in (place, *place.parents) if path.exists())
    disk = os.statvfs(there)
    if disk.f_files and not disk.f_favail:
        return _NO_INODES
    return _FULL if disk.f_bavail * disk.f_frsize < _MIN_FREE_BYTES else None


def database_uri(path: Path, *, read_only: bool = False) -> str:
    """Return the address by which SQLite opens a database.

    Parameters
    ----------
    read_only
        Open it only for reading; so is a database that this process must not write to.
    """
    address = path.absolute().as_uri()
    if is_writable(path):
        return f"{address}?mode={'ro' if read_only else 'rw'}"
    # SQLite makes files next to a database by which processes coordinate, unless nothing changes it
    used = any(path.with_name(f"{path.name}{end}").exists() for end in ("-wal", "-shm"))
    return f"{address}?mode=ro{'' if used else '&immutable=1'}"


def is_backup(directory: Path) -> bool:
    """Return whether a library directory is a backup."""
    return (directory / BACKUP_FACTS).exists()


def is_writable(path: Path) -> bool:
    """Return whether this process may write to a database; a backup is never changed."""
    return (
        not is_backup(path.parent) and os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    )
