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

from segue.errors import LibraryError

_SENTENCES = {
    errno.ENOSPC: "the disk is full; free some space and run the command again",
    errno.EDQUOT: "the disk quota is used up; free some space and run the command again",
    errno.EROFS: "the disk is read-only; choose another place with --library",
    errno.EACCES: "permission was denied; change its permissions or choose another --library",
    errno.EPERM: "permission was denied; change its permissions or choose another --library",
}
_SQLITE_SENTENCES = {
    "SQLITE_FULL": _SENTENCES[errno.ENOSPC],
    "SQLITE_IOERR": _SENTENCES[errno.ENOSPC],
    "SQLITE_READONLY": _SENTENCES[errno.EROFS],
    "SQLITE_CANTOPEN": "its database cannot be opened, since the disk is read-only or permission"
    " was denied; change that or choose another --library",
}


@contextmanager
def translate_errors(place: Path) -> Iterator[None]:
    """Raise errors of the disk or the database as a `LibraryError` that names `place`."""
    try:
        yield
    except OSError as error:
        sentence = _SENTENCES.get(error.errno or 0)
        if sentence is None:
            sentence = f"{os.strerror(error.errno) if error.errno else error}; check that path"
        raise LibraryError(f"Cannot use the library {place}: {sentence}.") from error
    except DBAPIError as error:
        raise LibraryError(
            f"Cannot use the library {place}: {_database_sentence(error)}."
        ) from error


def _database_sentence(error: DBAPIError) -> str:
    original = error.orig
    name = getattr(original, "sqlite_errorname", "")
    for prefix, sentence in _SQLITE_SENTENCES.items():
        if name.startswith(prefix):
            return sentence
    if isinstance(original, sqlite3.OperationalError) and "locked" in str(original):
        return "another program is writing to it; try again when that has finished"
    return f"{original}; if this persists, restore the file library.db from a copy"


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
