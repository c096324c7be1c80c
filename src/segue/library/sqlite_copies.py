"""Copies of SQLite databases: made while others write, and restored while others read."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from segue.library.files import PRIVATE, make_directory, sync
from segue.library.seal import remove_seal, seal
from segue.library.storage import BUSY_MS, database_uri

COUNTED: Final = ("tracks", "listens", "feedback", "playlists", "accounts")
"""Tables whose rows a backup states."""
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@contextmanager
def new_copy(place: Path) -> Iterator[Path]:
    """Yield a temporary path for a copy, which gets its name when it is complete."""
    temporary = place.with_suffix(".tmp")
    make_directory(place.parent)
    try:
        yield temporary
        sync(temporary)
        temporary.replace(place)
        sync(place.parent)
    finally:
        temporary.unlink(missing_ok=True)


def path_of_upgrade_copy(directory: Path, version: int) -> Path:
    """Return the path for a copy of the database of an earlier format, in `backups/`."""
    place = directory / "backups" / f"library-format-{version}.db"
    return place.with_stem(f"{place.stem}-{time.time_ns()}") if place.exists() else place


def copy_database(path: Path, target: Path) -> dict[str, int]:
    """Copy a database in one step, while others may write; return the numbers of its rows."""
    target.touch(PRIVATE)
    with closing(sqlite3.connect(path)) as original, closing(sqlite3.connect(target)) as copy:
        original.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log next to it
        there = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
        return {
            name: copy.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
            for name in COUNTED
            if name in there
        }


def replace_database(path: Path, source: Path) -> Path | None:
    """Write a copy over the database, in one transaction; return where the old one is kept."""
    kept = None
    if path.exists():
        make_directory(path.parent / "backups")
        kept = path.parent / "backups" / f"replaced-{time.time_ns()}.db"
        try:
            usable = bool(copy_database(path, kept))
        except sqlite3.DatabaseError as error:
            if not getattr(error, "sqlite_errorname", "").startswith(_DAMAGED):
                raise
            usable = False
        if not usable:
            kept.unlink(missing_ok=True)
            kept = _keep_damaged(path, kept)
    remove_seal(path)
    if not path.exists():
        path.touch(PRIVATE)
    uri = database_uri(source, read_only=True)
    with closing(sqlite3.connect(uri, uri=True)) as copy, closing(sqlite3.connect(path)) as target:
        # through SQLite, so that servers which have the library open see the restored rows
        target.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        copy.backup(target)
    sync(path)
    seal(path)
    return kept


def _keep_damaged(path: Path, kept: Path) -> Path:
    """Move a damaged database with its log to `backups/`, as they are; return where it is."""
    kept = kept.with_suffix(".damaged")
    for end in ("-wal", "-shm", ""):
        part = path.with_name(f"{path.name}{end}")
        if part.exists():
            part.rename(kept.with_name(f"{kept.name}{end}"))
    sync(kept.parent)
    sync(path.parent)
    return kept
