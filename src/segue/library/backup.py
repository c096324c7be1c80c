"""Backups of a library: consistent, verified copies, made while a server uses it; restoring them.

A backup is a directory that is a library itself, with ``SHA256SUMS`` over all of it. The database
is copied first, then the features and models that its rows refer to, while no other program writes
them. Feedback may arrive meanwhile. A backup is never changed:
segue opens it for reading only.
"""

import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from segue import __version__
from segue.errors import DamagedDataError, LibraryError, StorageFullError
from segue.library.checks import find_damage
from segue.library.database_checks import database_damage
from segue.library.files import (
    CHECKSUMS,
    damaged_files,
    make_directory,
    make_private,
    new_directory,
    write_json,
)
from segue.library.library import Library
from segue.library.location import backend_of
from segue.library.shared_files import KINDS, LocalFiles
from segue.library.sqlite_backend import ENTRIES, STATE
from segue.library.sqlite_copies import new_copy
from segue.library.storage import BACKUP_FACTS, translate_errors
from segue.types import Progress, no_progress

COPIED: Final = (*STATE, "reports")
"""Directories of a library that a copy has besides the database."""
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
    entries = () if only_database else COPIED
    with (
        translate_errors(place),
        library.writing("segue library backup"),
        new_directory(place) as copy,
    ):
        for store in library.stores(lambda _: True):
            store.cut_unrecorded()
        rows = library.copy_database(copy / "library.db")
        for name in entries:
            copy_files(library.directory / name, copy / name, progress)
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
    directory = library.directory / "backups"
    time_now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    place = directory / f"{_AUTOMATIC}{time_now}.db"
    with translate_errors(directory):
        make_directory(directory)
        n_bytes = library.database_bytes()
        if shutil.disk_usage(directory).free < 2 * n_bytes:
            raise StorageFullError(
                f"There is no room for a copy of {n_bytes / 1e6:,.0f} MB in {directory}: free some"
                " space."
            )
        with new_copy(place) as temporary:
            library.copy_database(temporary)
            damage = database_damage(temporary)
            if damage:
                raise DamagedDataError(
                    f"The database is damaged and was not copied ({damage[0].rstrip('.')}): run"
                    " segue library check."
                )
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
    entries = [name for name in COPIED if source.is_dir() and (source / name).is_dir()]
    with translate_errors(place):
        make_directory(place)
    backend = backend_of(place)
    files = LocalFiles() if backend.files_url is None else Library(place).files
    with backend.writing("segue library restore"), translate_errors(place):
        for kind in KINDS:
            files.fetch(kind, complete=True)
        with ExitStack() as stack:
            # the entries take their places together, after the database
            for name in entries:
                new = stack.enter_context(new_directory(place / name, checksums=False))
                copy_files(source / name, new, progress)
            kept = backend.replace_database(database)
        make_private(place, ENTRIES)
        files.publish(*KINDS, everything=True)  # the copy has versions of another time
    return RestoreResult(
        copy=str(source),
        restored=("library.db", *entries),
        replaced=None if kept is None else str(kept),
    )


def copy_files(directory: Path, target: Path, progress: Progress) -> None:
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
