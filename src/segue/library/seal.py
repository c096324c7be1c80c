"""A checksum of the whole database, by which `segue library check` finds any changed byte of it.

`library.db.sum` has the SHA-256 of `library.db` and the random text that the last transaction of
segue left in `meta`. A process that wrote to the library writes the checksum when it closes the
library or ends. As long as the text is the same, the file must be the same. After a kill, or while
a server writes, the text differs and the checksum says nothing.
"""

import atexit
import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from segue.library.files import file_digest, write_json
from segue.library.storage import database_uri, is_writable

LAST_CHANGE: Final = "last change"
"""Key in `meta` of a random text that every transaction replaces."""
MARK_CHANGE: Final = (
    f"UPDATE meta SET value = lower(hex(randomblob(8))) WHERE key = '{LAST_CHANGE}'"  # noqa: S608
)
_READ: Final = f"SELECT value FROM meta WHERE key = '{LAST_CHANGE}'"  # noqa: S608
_WAIT_SECONDS: Final = 1.0

_changed: set[Path] = set()  # databases that this process wrote to and did not seal


def note_change(path: Path) -> None:
    """Note that this process has written to a database."""
    _changed.add(path)


def seal_if_changed(path: Path) -> None:
    """Write the checksum of a database that this process has written to."""
    if path in _changed:
        _changed.discard(path)
        seal(path)


def seal(path: Path) -> None:
    """Write the checksum of a database; do nothing while others use it, or on a full disk."""
    with suppress(sqlite3.Error, OSError, ValueError):
        if not path.is_file() or not is_writable(path):
            return
        uri = database_uri(path)
        with closing(
            sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)
        ) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            before, digest = database.execute(_READ).fetchone(), file_digest(path)
            database.execute("BEGIN IMMEDIATE")  # nothing is written while it lasts
            try:
                if before == database.execute(_READ).fetchone() and not _has_log(path):
                    write_json(_place(path), {LAST_CHANGE: before, "sha256": digest})
            finally:
                database.execute("ROLLBACK")


def is_changed(path: Path, database: sqlite3.Connection) -> bool:
    """Return whether a database differs from its checksum, as far as that can be said."""
    try:
        sealed = json.loads(_place(path).read_bytes())
        last = list(database.execute(_READ).fetchone())
        expected = sealed["sha256"] if sealed[LAST_CHANGE] == last else None
    except (OSError, ValueError, TypeError, KeyError):
        return False
    return expected is not None and not _has_log(path) and file_digest(path) != expected


def remove_seal(path: Path) -> None:
    """Remove the checksum of a database that is replaced."""
    _place(path).unlink(missing_ok=True)


def _has_log(path: Path) -> bool:
    """Return whether there are transactions that are not in the file of the database yet."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _place(path: Path) -> Path:
    return path.with_name(f"{path.name}.sum")


@atexit.register
def _seal_all() -> None:
    for path in tuple(_changed):
        seal_if_changed(path)
