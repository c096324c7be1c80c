"""Recognize the SQLite databases of players and media servers by their tables, and read them.

A database that is damaged or locked while it is read is an issue; what was read before is kept.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from segue.errors import DatasetError
from segue.sources.history_import.beets import REQUIRED as BEETS
from segue.sources.history_import.beets import read_beets
from segue.sources.history_import.import_row import ImportIssue, ImportRow
from segue.sources.history_import.jellyfin import REQUIRED as JELLYFIN
from segue.sources.history_import.jellyfin import REQUIRED_BEFORE as JELLYFIN_BEFORE
from segue.sources.history_import.jellyfin import read_jellyfin, read_jellyfin_before
from segue.sources.history_import.mpd_stickers import REQUIRED as MPD
from segue.sources.history_import.mpd_stickers import read_stickers
from segue.sources.history_import.navidrome import REQUIRED as NAVIDROME
from segue.sources.history_import.navidrome import read_navidrome
from segue.sources.history_import.plex import REQUIRED as PLEX
from segue.sources.history_import.plex import read_plex
from segue.sources.history_import.sqlite_files import (
    Connection,
    DatabaseError,
    connection_has_columns,
    is_locked,
    open_database,
)
from segue.sources.history_import.strawberry import REQUIRED as STRAWBERRY
from segue.sources.history_import.strawberry import read_strawberry

Rows = Iterator[ImportRow | ImportIssue]


class DatabaseFormat(NamedTuple):
    """The tables and columns by which a database is recognized, and how it is read."""

    kind: str
    required: Mapping[str, Sequence[str]]
    read: Callable[[Connection, Path], Rows]


_FORMATS = (
    DatabaseFormat("beets", BEETS, lambda connection, _: read_beets(connection)),
    DatabaseFormat("navidrome", NAVIDROME, lambda connection, _: read_navidrome(connection)),
    DatabaseFormat("plex", PLEX, lambda connection, _: read_plex(connection)),
    DatabaseFormat("jellyfin", JELLYFIN, lambda connection, _: read_jellyfin(connection)),
    DatabaseFormat("jellyfin", JELLYFIN_BEFORE, read_jellyfin_before),
    DatabaseFormat("strawberry", STRAWBERRY, lambda connection, _: read_strawberry(connection)),
    DatabaseFormat("mpd", MPD, lambda connection, _: read_stickers(connection)),
)
DATABASES = frozenset(one.kind for one in _FORMATS)
"""The kinds of databases."""
SERVERS = frozenset({"navidrome", "plex", "jellyfin"})
"""Kinds of databases with several users; their names are kept."""


def database_kind(path: Path) -> str | None:
    """Return the kind of a database, None where it is of no program that segue reads."""
    found = _format_of(path)
    return None if found is None else found.kind


def read_database(path: Path) -> Rows:
    """Yield the rows of a database, and an issue where it is damaged or locked."""
    found = _format_of(path)
    if found is None:
        return
    try:
        with closing(open_database(path)) as connection:
            yield from found.read(connection, path)
    except DatabaseError as error:
        reason = (
            f"{path.name} cannot be read further ({error}): let the program that writes it finish,"
            " or repair it with sqlite3's .recover, and import it again."
        )
        yield ImportIssue(reason, left_out=0)


def _format_of(path: Path) -> DatabaseFormat | None:
    """Return the format of a database, None if it has none.

    Raises
    ------
    DatasetError
        Another program is writing to the database.
    """
    try:
        with closing(open_database(path)) as connection:
            return next(
                (one for one in _FORMATS if connection_has_columns(connection, one.required)), None
            )
    except DatabaseError as error:
        if is_locked(error):
            raise DatasetError(
                f"{path} is locked by the program that writes it: close that program, and import"
                " it again."
            ) from error
        return None
