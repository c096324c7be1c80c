"""Find everything in a library that is damaged, without changing anything.

The database is compared with its own rules: structure, indexes, references, and texts that can be
read. Everything else has checksums, so that each changed byte is found.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from segue.library.feature_stores import damaged_in, stores_in
from segue.library.files import damaged_files
from segue.library.schema import FORMAT_VERSION, schema
from segue.library.storage import database_uri

DamageKind = Literal["database", "features", "model", "snapshot", "report", "backup"]

_MAX_SENTENCES: Final = 20
_MANY_ROWS: Final = ("listens", "unmatched_listens")  # of numbers: their columns hold no texts
_JSON_COLUMNS: Final = {
    "tracks": ("genres", "tags", "metadata", "artists"),
    "runs": ("result",),
    "playlists": ("recipe",),
    "jobs": ("arguments", "result"),
}


@dataclass(frozen=True, slots=True)
class Damage:
    """One damaged part of a library.

    Attributes
    ----------
    kind : str
        Of the part.
    name : str
        Of the model or report; of a file, its path in the library.
    text : str
        What is wrong, in one sentence.
    """

    kind: DamageKind
    name: str
    text: str


def find_damage(directory: Path) -> list[Damage]:
    """Return everything that is damaged in the library in a directory."""
    database = directory / "library.db"
    found = [Damage("database", "library.db", text) for text in database_damage(database)]
    features = directory / "features"
    for store in stores_in(features):
        name = store.directory.relative_to(directory).as_posix()
        found += [Damage("features", name, text) for text in store.problems()]
    for path in damaged_in(features):
        name = path.relative_to(directory).as_posix()
        found.append(Damage("features", name, f"{path}: settings.json is missing or has changed."))
    found += _damaged_directories(directory, "model", "models/[!.]*")
    found += _damaged_directories(directory, "snapshot", "models/.snapshot")
    found += _damaged_directories(directory, "report", "reports/[!.]*")
    for path in sorted(directory.glob("backups/*.db")):
        found += [
            Damage("backup", path.relative_to(directory).as_posix(), text)
            for text in database_damage(path)
        ]
    return found


def database_damage(path: Path) -> list[str]:
    """Return what is wrong with a database of segue, in sentences."""
    if not path.is_file():
        return [f"{path} is missing."]
    if not path.stat().st_size:
        return [f"{path} is empty."]
    try:
        with closing(sqlite3.connect(database_uri(path, read_only=True), uri=True)) as opened:
            return [f"{path}: {text}." for text in _statements(opened)][:_MAX_SENTENCES]
    except (sqlite3.Error, UnicodeDecodeError, ValueError) as error:
        return [f"{path} cannot be read: {error}."]


def _damaged_directories(directory: Path, kind: DamageKind, pattern: str) -> Iterator[Damage]:
    for path in sorted(directory.glob(pattern)):
        files = damaged_files(path) if path.is_dir() else []
        if files:
            names = ", ".join(files)
            yield Damage(kind, path.name, f"{path}: missing or changed files: {names}.")


def _statements(database: sqlite3.Connection) -> Iterator[str]:
    for (text,) in database.execute(f"PRAGMA integrity_check({_MAX_SENTENCES})"):
        if text != "ok":
            yield text
    for table, row, other, _ in database.execute("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} refers to a row that {other} lacks"
    there = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    if "meta" not in there:
        yield "it is not a database of segue"
        return
    found = database.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    if found is None or not str(found[0]).isdecimal() or int(found[0]) > FORMAT_VERSION:
        yield "it states no format that this segue knows"
        return
    if int(found[0]) < FORMAT_VERSION:
        return  # its tables have other names: they are upgraded when it is opened
    for name, table in schema.tables.items():
        if name not in there:
            yield f"the table {name} is missing"
        elif name not in _MANY_ROWS:
            yield from _unreadable(database, name, [column.name for column in table.columns])


def _unreadable(database: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[str]:
    """Yield why rows of a table cannot be read as they were written."""
    documents = [columns.index(name) for name in _JSON_COLUMNS.get(table, ())]
    names = ", ".join(f'"{name}"' for name in columns)
    for number, row in enumerate(database.execute(f"SELECT {names} FROM {table}"), start=1):  # noqa: S608
        for place in documents:
            if row[place] is None:
                continue
            try:
                json.loads(row[place])
            except (ValueError, TypeError):
                yield f"{columns[place]} of row {number} of {table} has changed"
