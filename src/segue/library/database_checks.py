"""What is wrong with an SQLite database of segue: its structure, references, texts, checksum."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final

from segue.library.schema import FORMAT_VERSION, schema
from segue.library.seal import is_changed
from segue.library.storage import database_uri

_MAX_SENTENCES: Final = 20
_MANY_ROWS: Final = ("listens", "unmatched_listens")  # of numbers: their columns hold no texts
_JSON_COLUMNS: Final = {
    "tracks": ("genres", "tags", "metadata", "artists", "details"),
    "runs": ("result",),
    "playlists": ("recipe",),
    "jobs": ("arguments", "result"),
}


def database_damage(path: Path) -> list[str]:
    """Return what is wrong with a database of segue, in sentences."""
    if not path.is_file():
        return [f"{path} is missing."]
    if not path.stat().st_size:
        return [f"{path} is empty."]
    try:
        with closing(sqlite3.connect(database_uri(path, read_only=True), uri=True)) as opened:
            texts = islice(_statements(opened), _MAX_SENTENCES)
            found = [f"{path}: {text}." for text in texts]
            if not found and is_changed(path, opened):
                found = [f"{path} has changed since segue wrote it last."]
            return found
    except (sqlite3.Error, UnicodeDecodeError, ValueError) as error:
        return [f"{path} cannot be read: {error}."]


def format_of(path: Path) -> int:
    """Return the format of a database; the current one where it cannot be read."""
    query = "SELECT value FROM meta WHERE key = 'format'"
    try:
        with closing(sqlite3.connect(database_uri(path, read_only=True), uri=True)) as opened:
            return int(opened.execute(query).fetchone()[0])
    except (sqlite3.Error, TypeError, ValueError):
        return FORMAT_VERSION


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
