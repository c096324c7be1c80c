"""Backups of a library: consistent, verified copies, made while a server uses it; restoring them.

A backup is a directory that is a library itself, with ``SHA256SUMS`` over all of it. The database
is copied first, then the features and models that its rows refer to, while no other program writes
them. Feedback may arrive meanwhile.
"""

import shutil
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from segue import __version__
from segue.errors import DamagedDataError, LibraryError
from segue.library.checks import database_damage, find_damage
from segue.library.database import BUSY_MS, STATE
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
from segue.library.storage import translate_errors
from segue.types import Progress, no_progress

FACTS: Final = "backup.json"
_COPIED: Final = (*STATE, "reports")
_COUNTED: Final = ("tracks", "listens", "feedback", "playlists", "accounts")
_PAGES: Final = 2_000  # of the database, copied before the lock is released for a moment


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
    if place == library.directory or library.directory in place.parents:
        raise LibraryError(f"{destination} is inside the library: choose another directory.")
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise LibraryError(f"{destination} exists already: choose a new directory.")
    entries = () if only_database else _COPIED
    files = [path for name in entries for path in _files_in(library.directory / name)]
    with (
        translate_errors(place),
        library.writing("segue library backup"),
        new_directory(place) as copy,
        progress("Copying", len(files) + 1) as advance,
    ):
        rows = _copy_database(library.directory / "library.db", copy / "library.db")
        advance(1)
        for path in files:
            target = copy / path.relative_to(library.directory)
            make_directory(target.parent)
            shutil.copy2(path, target)  # models are known by their times
            advance(1)
        damaged = find_damage(copy)
        if damaged:
            raise DamagedDataError(
                f"The library is damaged and was not copied ({damaged[0].text.rstrip('.')}): run"
                " segue library check."
            )
        facts = {"library": library.library_id, "version": __version__, "rows": rows}
        write_json(copy / FACTS, {**facts, "made": time.time()})
    n_bytes = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
    seconds = round(time.monotonic() - started, 2)
    return BackupResult(path=str(place), bytes=n_bytes, rows=rows, seconds=seconds)


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
        with progress("Restoring", len(entries) + 1) as advance:
            kept = _replace_database(place / "library.db", database)
            advance(1)
            for name in entries:
                with new_directory(place / name) as new:
                    shutil.copytree(source / name, new, dirs_exist_ok=True)
                (place / name / CHECKSUMS).unlink()
                advance(1)
        make_private(place, ("*",))
    return RestoreResult(
        copy=str(source),
        restored=("library.db", *entries),
        replaced=None if kept is None else str(kept),
    )


def _files_in(directory: Path) -> list[Path]:
    return [
        path
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.startswith(".new-") and path.suffix != ".lock"
    ]


def _copy_database(path: Path, target: Path) -> dict[str, int]:
    target.touch(PRIVATE)
    with closing(sqlite3.connect(path)) as original, closing(sqlite3.connect(target)) as copy:
        original.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        original.backup(copy, pages=_PAGES)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log next to it
        return {
            name: copy.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608
            for name in _COUNTED
        }


def _replace_database(path: Path, source: Path) -> Path | None:
    """Write a copy over the database, in one transaction; return where the old one is kept."""
    kept = None
    if path.exists():
        make_directory(path.parent / "backups")
        kept = path.parent / "backups" / f"replaced-{time.time_ns()}.db"
        try:
            _copy_database(path, kept)
        except sqlite3.Error:  # damaged: kept as it is
            kept.unlink(missing_ok=True)
            kept = kept.with_suffix(".damaged")
            shutil.copyfile(path, kept)
            kept.chmod(PRIVATE)
            for name in ("library.db", "library.db-wal", "library.db-shm"):
                with suppress(FileNotFoundError):
                    (path.parent / name).unlink()
    if not path.exists():
        path.touch(PRIVATE)
    with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(path)) as target:
        # through SQLite, so that servers which have the library open see the restored rows
        target.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        copy.backup(target)
    sync(path)
    return kept
