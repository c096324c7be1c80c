"""Backups of a library: consistent, verified copies, made while a server uses it; restoring them.

A backup is a directory that is a library itself, with ``SHA256SUMS`` over all of it. The database
is copied first, then the features and models that its rows refer to, while no other program writes
them. Feedback may arrive meanwhile. A backup is never changed:
segue opens it for reading only.
"""

import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from segue import __version__
from segue.errors import DamagedDataError, LibraryError, StorageFullError
from segue.library.checks import database_damage, find_damage
from segue.library.database import BUSY_MS, ENTRIES, STATE
from segue.library.files import (
    CHECKSUMS,
    PRIVATE,
    damaged_files,
    make_directory,
    make_private,
    new_directory,
    sync,
    write_json,
)
from segue.library.library import Library
from segue.library.lock import writing
from segue.library.seal import remove_seal, seal
from segue.library.storage import BACKUP_FACTS, database_uri, translate_errors
from segue.types import Progress, no_progress

_COPIED: Final = (*STATE, "reports")
_COUNTED: Final = ("tracks", "listens", "feedback", "playlists", "accounts")
_DAMAGED: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
_AUTOMATIC: Final = "automatic-"
"""Start of the names of copies that `back_up_database` makes."""
_NOT_COPIED: Final = (".new-", ".old-", ".snapshot")  # unfinished, or built again


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupResult:
    """A verified backup: its directory, its size, and the number of rows that it holds."""

    path: str
    bytes: int
    rows: Mapping[str, int]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue library backup --json`` prints."""
        return asdict(self)


def back_up(
    library: Library,
    destination: str | Path,
    *,
    only_database: bool = False,
    progress: Progress = no_progress,
) -> BackupResult:
    """Copy a library into a new directory and verify the copy.

    Parameters
    ----------
    only_database
        Copy listens, feedback, playlists and accounts, not what can be computed again.

    Raises
    ------
    LibraryBusyError
        If another program is writing features or models; a server may run.
    LibraryError
        If there is something at the destination, or it cannot be written.
    DamagedDataError
        If the library is damaged: nothing is copied.
    """
    started = time.monotonic()
    place = Path(destination).expanduser().absolute()
    with translate_errors(place):
        if place == library.directory or library.directory in place.parents:
            raise LibraryError(f"{destination} is inside the library: choose another directory.")
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            raise LibraryError(f"{destination} exists already: choose a new directory.")
        if place.is_mount():
            raise LibraryError(f"{destination} is a mounted disk: choose a directory on it.")
    entries = () if only_database else _COPIED
    with (
        translate_errors(place),
        library.writing("segue library backup"),
        new_directory(place) as copy,
    ):
        for store in library.stores(lambda _: True):
            store.cut_unrecorded()
        rows = _copy_database(library.directory / "library.db", copy / "library.db")
        for name in entries:
            _copy_files(library.directory / name, copy / name, progress)
        damaged = find_damage(copy)
        if damaged:
            raise DamagedDataError(
                f"The library is damaged and was not copied ({damaged[0].text.rstrip('.')}): run"
                " segue library check."
            )
        facts = {"library": library.library_id, "version": __version__, "rows": rows}
        write_json(copy / BACKUP_FACTS, {**facts, "made": time.time()})
    n_bytes = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    seconds = round(time.monotonic() - started, 2)
    return BackupResult(path=str(place), bytes=n_bytes, rows=rows, seconds=seconds)


def back_up_database(library: Library, *, keep: int) -> Path:
    """Copy the database into `backups/`, verify the copy, and delete the oldest copies.

    Only the copies that this function made count and are deleted. Other programs may write to the
    library meanwhile.

    Parameters
    ----------
    keep
        Number of copies to keep, with the new one.

    Raises
    ------
    StorageFullError
        If the disk has no room for another copy: nothing is written.
    DamagedDataError
        If the library is damaged: no copy is deleted.
    LibraryError
        If the copy cannot be written.
    """
    original, directory = library.directory / "library.db", library.directory / "backups"
    time_now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    place = directory / f"{_AUTOMATIC}{time_now}.db"
    temporary = place.with_suffix(".tmp")
    with translate_errors(directory):
        make_directory(directory)
        n_bytes = sum(path.stat().st_size for path in original.parent.glob("library.db*"))
        if shutil.disk_usage(directory).free < 2 * n_bytes:
            raise StorageFullError(
                f"There is no room for a copy of {n_bytes / 1e6:,.0f} MB in {directory}: free some"
                " space."
            )
        try:
            _copy_database(original, temporary)
            damage = database_damage(temporary)
            if damage:
                raise DamagedDataError(
                    f"The database is damaged and was not copied ({damage[0].rstrip('.')}): run"
                    " segue library check."
                )
            sync(temporary)
            temporary.replace(place)
            sync(directory)
        finally:
            temporary.unlink(missing_ok=True)
        for old in sorted(directory.glob(f"{_AUTOMATIC}*.db"), reverse=True)[keep:]:
            old.unlink(missing_ok=True)
    return place


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreResult:
    """A restored library: the copy, the restored entries, and where the replaced database is."""

    copy: str
    restored: tuple[str, ...]
    replaced: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue library restore --json`` prints."""
        return asdict(self)


def restore(
    directory: str | Path, copy: str | Path, *, progress: Progress = no_progress
) -> RestoreResult:
    """Replace a library by a copy: a directory of `back_up`, or a database from `backups/`.

    The replaced database is kept in `backups/`. Features that do not belong to the restored
    database are removed by the next command that uses them; see `segue.library.identity`.

    Raises
    ------
    DamagedDataError
        If the copy is damaged: nothing is changed.
    LibraryBusyError
        If another program is writing to the library.
    LibraryError
        If there is no such copy, or the disk refuses.
    """
    place, source = Path(directory).expanduser().absolute(), Path(copy).expanduser().absolute()
    database = source / "library.db" if source.is_dir() else source
    if not database.is_file():
        raise LibraryError(f"There is no copy of a library at {copy}: name another.")
    wrong = damaged_files(source) if (source / CHECKSUMS).exists() else []
    problems = [f"{name} has changed" for name in wrong] or database_damage(database)
    if problems:
        raise DamagedDataError(
            f"The copy {copy} is damaged ({problems[0].rstrip('.')}): choose another copy."
        )
    entries = [name for name in _COPIED if source.is_dir() and (source / name).is_dir()]
    with translate_errors(place):
        make_directory(place)
    with writing(place, "segue library restore"), translate_errors(place):
        with ExitStack() as stack:
            # the entries take their places together, after the database
            for name in entries:
                new = stack.enter_context(new_directory(place / name, checksums=False))
                _copy_files(source / name, new, progress)
            kept = _replace_database(place / "library.db", database)
        make_private(place, ENTRIES)
    return RestoreResult(
        copy=str(source),
        restored=("library.db", *entries),
        replaced=None if kept is None else str(kept),
    )


def _copy_files(directory: Path, target: Path, progress: Progress) -> None:
    """Copy a directory of a library, without what is unfinished or can be built again."""
    files = [path for path in sorted(directory.rglob("*")) if path.is_file()]
    with progress(f"Copying {directory.name}", len(files)) as advance:
        for path in files:
            inner = path.relative_to(directory)
            copied = not any(
                part.startswith(_NOT_COPIED) or part.endswith(".checkpoint") for part in inner.parts
            )
            if copied:
                make_directory((target / inner).parent)
                shutil.copy2(path, target / inner)  # models are known by their times
            advance(1)


def _copy_database(path: Path, target: Path) -> dict[str, int]:
    """Copy a database in one step, while others may write; return the numbers of its rows."""
    target.touch(PRIVATE)
    with closing(sqlite3.connect(path)) as original, closing(sqlite3.connect(target)) as copy:
        original.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log next to it
        there = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}
        return {
            name: copy.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
            for name in _COUNTED
            if name in there
        }


def _replace_database(path: Path, source: Path) -> Path | None:
    """Write a copy over the database, in one transaction; return where the old one is kept."""
    kept = None
    if path.exists():
        make_directory(path.parent / "backups")
        kept = path.parent / "backups" / f"replaced-{time.time_ns()}.db"
        try:
            usable = bool(_copy_database(path, kept))
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
