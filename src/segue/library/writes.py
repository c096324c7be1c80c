"""Writes of datasets to the tables, inside a transaction that the caller holds."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from segue.library import schema
from segue.library.catalogue import to_record
from segue.library.entity_rows import update_entities
from segue.types import LISTEN_COLUMNS, Problem, Track

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection

VALUES = LISTEN_COLUMNS[2:]
"""Columns of a listen besides its listener and track."""
_NOT_STATED = frozenset({"row", "track_id", "album_row"})
_CHUNK = 10_000


def insert_rows(connection: "Connection", table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows, some thousands at a time."""
    for start in range(0, len(rows), _CHUNK):
        connection.execute(insert(table), list(rows[start : start + _CHUNK]))


def put_tracks(connection: "Connection", tracks: Sequence[Track]) -> None:
    """Insert tracks, or update the rows of known ids that changed."""
    before = {
        record["track_id"]: record
        for record in connection.execute(select(schema.tracks)).mappings()
    }
    records = [
        record
        for record in map(to_record, tracks)
        if record["track_id"] not in before or _differs(record, before[record["track_id"]])
    ]
    statement = upsert(schema.tracks)
    columns = [column.name for column in schema.tracks.c if column.name not in _NOT_STATED]
    values: dict[str, Any] = {name: statement.excluded[name] for name in columns}
    statement = statement.on_conflict_do_update(index_elements=["track_id"], set_=values)
    for start in range(0, len(records), _CHUNK):
        connection.execute(statement, records[start : start + _CHUNK])
    if records:
        update_entities(connection)


def _differs(record: Mapping[str, Any], before: Mapping[Any, Any]) -> bool:
    return any(before[name] != value for name, value in record.items())


def mark_missing(
    connection: "Connection", track_ids: Iterable[str], *, left_out: bool = False
) -> None:
    """Mark some tracks as missing, since their files are gone or left out."""
    table = schema.tracks
    for track_id in track_ids:
        one = table.update().where(table.c.track_id == track_id)
        connection.execute(one.values(missing=True, left_out=left_out))


def files_of(connection: "Connection") -> dict[int, tuple[str, str | None, str | None]]:
    """Return the id, audio file and file of frames of every track's row."""
    table = schema.tracks
    found = connection.execute(
        select(table.c.row, table.c.track_id, table.c.path, table.c.features)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in found}


def _rows_of(connection: "Connection", table: Table, column: str) -> dict[str, int]:
    found = connection.execute(select(table.c[column], table.c.row))
    return {row[0]: row[1] for row in found}


def _put_users(connection: "Connection", user_ids: Iterable[str]) -> dict[str, int]:
    known = _rows_of(connection, schema.users, "user_id")
    new = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in known]
    insert_rows(connection, schema.users, [{"user_id": user_id} for user_id in new])
    return _rows_of(connection, schema.users, "user_id") if new else known


def put_listens(connection: "Connection", name: str, listens: "pd.DataFrame") -> None:
    """Replace the listens of the dataset `name`; every track must be known."""
    connection.execute(delete(schema.listens).where(schema.listens.c.dataset == name))
    if listens.empty:
        return
    users = _put_users(connection, listens["user_id"])
    tracks = _rows_of(connection, schema.tracks, "track_id")
    values = [column for column in VALUES if column in listens.columns]
    for start in range(0, len(listens), _CHUNK):
        part = listens.iloc[start : start + _CHUNK]
        columns: dict[str, list[Any]] = {
            "user": [users[user_id] for user_id in part["user_id"]],
            "track": [tracks[track_id] for track_id in part["track_id"]],
        }
        for column in values:
            known = part[column].astype(object)
            columns[column] = known.where(part[column].notna(), None).tolist()
        names = list(columns)
        rows = [
            {**dict(zip(names, row, strict=True)), "dataset": name}
            for row in zip(*columns.values(), strict=True)
        ]
        connection.execute(insert(schema.listens), rows)


def put_friends(connection: "Connection", friends: "pd.DataFrame") -> None:
    """Add pairs of friends; known pairs stay."""
    users = _put_users(connection, [*friends["user_id"], *friends["friend_id"]])
    rows = [
        {"user": users[one], "friend": users[other]}
        for one, other in zip(friends["user_id"], friends["friend_id"], strict=True)
    ]
    statement = upsert(schema.friends).on_conflict_do_nothing()
    for start in range(0, len(rows), _CHUNK):
        connection.execute(statement, rows[start : start + _CHUNK])


def put_problems(
    connection: "Connection", dataset: str | None, stage: str, problems: Sequence[Problem]
) -> None:
    """Replace the problems of one stage of a dataset, or of all datasets (None)."""
    table = schema.problems
    old = delete(table).where(table.c.stage == stage)
    connection.execute(old if dataset is None else old.where(table.c.dataset == dataset))
    rows = [
        {
            "dataset": dataset or "",
            "stage": stage,
            "source": problem.source,
            "line": problem.row,
            "subject": problem.subject,
            "reason": problem.reason,
        }
        for problem in problems
    ]
    insert_rows(connection, table, rows)
