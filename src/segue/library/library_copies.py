"""Copy a library to another place or database system, verified row by row and file by file."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from segue.errors import DamagedDataError, LibraryError
from segue.library.backup import COPIED, copy_files
from segue.library.checks import find_damage
from segue.library.database_address import DatabaseAddress, set_address
from segue.library.files import make_directory, new_directory
from segue.library.library import Library
from segue.library.location import backend_of
from segue.library.schema import schema
from segue.library.shared_files import KINDS
from segue.library.sqlite_backend import SqliteBackend
from segue.library.storage import translate_errors
from segue.library.table_copies import copy_tables, delete_rows, differing_tables
from segue.types import Progress, no_progress


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryCopy:
    """A verified copy of a library: its directory, and the number of rows of each table."""

    path: str
    rows: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the document that ``segue library copy --json`` prints."""
        return asdict(self)


def copy_library(
    source: Library,
    directory: Path,
    address: DatabaseAddress | None = None,
    *,
    progress: Progress = no_progress,
) -> LibraryCopy:
    """Copy a library into a new directory, and its database to a server if `address` names one.

    The copy has the id of the library, so that its features belong to its tracks. What others
    write to the source after the copy has begun is not in it.

    Raises
    ------
    LibraryBusyError
        If another program is writing features or models.
    LibraryError
        If there is a library at the target, or it cannot be written.
    DamagedDataError
        If the copy differs from the source: it is not used.
    """
    place = directory.expanduser().absolute()
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise LibraryError(f"{directory} exists already: choose a new directory.")
    with translate_errors(place):
        make_directory(place)
        if address is None:
            SqliteBackend(place).prepare()
        else:
            set_address(place, address)
            if backend_of(place).exists():
                raise LibraryError(
                    f"The schema {address.schema} holds a library already: choose another."
                )
    with source.writing("segue library copy"), translate_errors(place):
        target = Library(place)
        try:
            with source.database.one_state() as rows:
                with target.database.begin() as connection:
                    delete_rows(connection, schema)
                    counts = copy_tables(rows, connection, schema, progress=progress)
                with target.database.one_state() as copied:
                    wrong = differing_tables(rows, copied, schema, progress=progress)
            with ExitStack() as stack:
                for name in COPIED:
                    new = stack.enter_context(new_directory(place / name, checksums=False))
                    copy_files(source.directory / name, new, progress)
            target.files.publish(*KINDS, everything=True)
        finally:
            target.close()
        wrong += [one.text for one in find_damage(place)]
    if wrong:
        raise DamagedDataError(
            f"The copy {directory} differs from the library ({wrong[0].rstrip('.')}): delete it and"
            " try again."
        )
    return LibraryCopy(path=str(place), rows=counts)
