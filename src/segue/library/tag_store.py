"""Tags that segue wrote to files, with those before, and the encodings of tags of datasets."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, update

from segue.library import schema
from segue.library.audio_files import place_audio_file
from segue.library.catalogue import path_from_text, path_to_text
from segue.library.database import Database
from segue.library.writes import put_meta
from segue.types import FileState

_ENCODING: Final = "tag encoding:"
"""Start of the key in `meta` of the encoding of a dataset's tags, before the dataset's name."""


@dataclass(frozen=True, slots=True)
class TagBackup:
    """Tags of one file before and after they were written: see `segue.sources.file_tags.writing`.

    `number` is None until it is stored; `batch` counts the times that tags were written.
    """

    row: int
    path: Path
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    number: int | None = None
    batch: int = 0
    written: float = 0.0


class TagStore:
    """Backups of tags, and encodings of datasets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def encoding(self, dataset: str) -> str | None:
        """Return the encoding that was chosen for a dataset's tags; None: it is detected."""
        table = schema.meta
        with self._database.connect() as connection:
            query = select(table.c.value).where(table.c.key == _ENCODING + dataset)
            return connection.scalar(query) or None

    def set_encoding(self, dataset: str, encoding: str | None) -> None:
        """Choose the encoding of a dataset's tags, or (None) let it be detected."""
        with self._database.begin() as connection:
            put_meta(connection, _ENCODING + dataset, encoding or "")

    def add(self, backups: Sequence[TagBackup], batch: int) -> list[TagBackup]:
        """Store backups of a batch, before their files are written; return them with numbers."""
        table, now = schema.tag_backups, time.time()
        stored = []
        with self._database.begin() as connection:
            for one in backups:
                values = {
                    "batch": batch,
                    "track": one.row,
                    "path": path_to_text(one.path),
                    "written": now,
                    "before": json.dumps(one.before),
                    "after": json.dumps(one.after),
                    "undone": False,
                }
                done = connection.execute(insert(table).values(values))
                number = int(done.inserted_primary_key[0])  # type: ignore[index]  # one is there
                stored.append(
                    TagBackup(one.row, one.path, one.before, one.after, number, batch, now)
                )
        return stored

    def next_batch(self) -> int:
        """Return the number of the next batch."""
        with self._database.connect() as connection:
            return (connection.scalar(select(func.max(schema.tag_backups.c.batch))) or 0) + 1

    def backups(self) -> list[TagBackup]:
        """Return the backups that were not undone, the latest first."""
        table = schema.tag_backups
        query = select(table).where(table.c.undone.is_(False)).order_by(table.c.id.desc())
        with self._database.connect() as connection:
            return [
                TagBackup(
                    record["track"],
                    path_from_text(record["path"]),
                    json.loads(record["before"]),
                    json.loads(record["after"]),
                    record["id"],
                    record["batch"],
                    record["written"],
                )
                for record in connection.execute(query).mappings()
            ]

    def written(self, field: str) -> dict[str, set[str]]:
        """Return the values of a field that segue wrote, by the id of their track."""
        table, tracks = schema.tag_backups, schema.tracks
        query = select(tracks.c.track_id, table.c.after).join_from(table, tracks)
        found: dict[str, set[str]] = {}
        with self._database.connect() as connection:
            for track_id, after in connection.execute(query.where(table.c.undone.is_(False))):
                values = json.loads(after)["values"].get(field, ())
                found.setdefault(track_id, set()).update(values)
        return found

    def set_undone(self, numbers: Iterable[int]) -> None:
        """Mark backups as restored."""
        rows = [{"number": number} for number in numbers]
        table = schema.tag_backups
        statement = update(table).where(table.c.id == bindparam("number")).values(undone=True)
        if rows:
            with self._database.begin() as connection:
                connection.execute(statement, rows)

    def place_files(self, states: Mapping[int, tuple[Path, FileState]]) -> None:
        """Set the states of files, by row of their track, whose tags segue itself has changed."""
        with self._database.begin() as connection:
            for row, (path, state) in states.items():
                place_audio_file(connection, row, path, state)
