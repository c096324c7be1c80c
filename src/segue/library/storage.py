"""Atomic writes of files and directories, and storage errors in one sentence.

A file or directory is written under a temporary name next to its place and renamed, so that readers
see the old one or the new one.
"""

import errno
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from segue.errors import LibraryBusyError, StorageError, StorageFullError

_MIN_FREE_BYTES = 65_536  # SQLite needs some pages to commit anything
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
_MAYBE_FULL = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN")


@contextmanager
def translate_errors(place: Path) -> Iterator[None]:
    """Raise errors of the disk or the database as a `StorageError` that names `place`."""
    try:
        yield
    except OSError as error:
        raise _os_error(place, error) from error
    except DBAPIError as error:
        raise _database_error(place, error.orig or error) from error
    except sqlite3.Error as error:
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


def _database_error(place: Path, error: BaseException) -> StorageError:
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


def _refused(place: Path, kind: type[StorageError], sentence: str) -> StorageError:
    return kind(f"Cannot use the library {place}: {sentence}.")


def _reason_full(place: Path) -> str | None:
    """Return why the disk of `place` takes no more data, None if it has room."""
    there = next(path for path in (place, *place.parents) if path.exists())
    disk = os.statvfs(there)
    if disk.f_files and not disk.f_favail:
        return _NO_INODES
    return _FULL if disk.f_bavail * disk.f_frsize < _MIN_FREE_BYTES else None


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write `document` as JSON to `path`, completely or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def new_directory(place: Path) -> Iterator[Path]:
    """Yield an empty directory that replaces `place` at the end of the block.

    If the block raises, `place` stays as it was.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    # mkdtemp makes it private; it gets the permissions of its parent
    temporary.chmod(place.parent.stat().st_mode & 0o777)
    try:
        yield temporary
        if place.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{place.name}.old.", dir=place.parent))
            place.rename(old / place.name)
            try:
                temporary.rename(place)
            except BaseException:
                if not place.exists():
                    (old / place.name).rename(place)
                raise
            finally:
                shutil.rmtree(old)
        else:
            temporary.rename(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
