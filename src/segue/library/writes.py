"""Writes of datasets to the tables, inside a transaction that the caller holds.

Only `replace_listens` commits by itself: other processes wait while a transaction writes, so one
that writes millions of rows would keep them from storing feedback.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Table, bindparam, delete, insert, select

from segue.library import schema
from segue.library.catalogue import to_record
from segue.library.entity_rows import update_entities
from segue.library.upserts import upsert
from segue.types import LISTEN_COLUMNS, ListenBatches, Problem, Track

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection

    from segue.library.database import Database

VALUES = LISTEN_COLUMNS[2:]
"""Columns of a listen besides its listener and track."""
FILE_STAGES: Final = ("scan", "analysis", "hearing")
"""Stages of `preprocess` whose problems are those of files."""
_NOT_STATED = frozenset({"row", "track_id", "album_row"})
_CHUNK = 10_000
_OUTDATED_ENTITIES = "outdated entities"
"""Key in `meta` while tracks were written whose artists and albums were not."""


def insert_rows(connection: "Connection", table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert many rows, some thousands at a time."""
    for start in range(0, len(rows), _CHUNK):
        connection.execute(insert(table), list(rows[start : start + _CHUNK]))


def put_meta(connection: "Connection", key: str, value: str) -> None:
    """Set a value of the table `meta`."""
    statement = upsert(schema.meta).values(key=key, value=value)
    changed = {"value": statement.excluded["value"]}
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=changed))


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
    former, tracks_now = schema.former_ids, select(schema.tracks.c.track_id)
    connection.execute(delete(former).where(former.c.track_id.in_(tracks_now)))
    if records:
        mark_outdated_entities(connection)


def mark_outdated_entities(connection: "Connection") -> None:
    """Have the next `refresh_entities` make artists and albums those of the tracks."""
    put_meta(connection, _OUTDATED_ENTITIES, "yes")


def refresh_entities(connection: "Connection") -> None:
    """Make artists and albums those of the tracks, if tracks were changed since the last call."""
    table = schema.meta
    found = select(table.c.value).where(table.c.key == _OUTDATED_ENTITIES)
    if connection.scalar(found) is not None:
        update_entities(connection)
        connection.execute(delete(table).where(table.c.key == _OUTDATED_ENTITIES))


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


class FrameBatches:
    """A frame of listens as `ListenBatches`."""

    def __init__(self, listens: "pd.DataFrame") -> None:
        self._listens = listens

    def __len__(self) -> int:
        return len(self._listens)

    @property
    def user_ids(self) -> list[str]:
        """Each listener once."""
        return list(self._listens["user_id"].unique())

    @property
    def track_ids(self) -> list[str]:
        """Each track with listens once."""
        return list(self._listens["track_id"].unique())

    def batches(self) -> "Iterator[pd.DataFrame]":
        """Yield the listens in their order: all at once."""
        yield self._listens


def check_tracks(listens: ListenBatches, stored: set[str], new: Sequence[Track]) -> None:
    """Check that each listen names a track that is `stored` or `new`; KeyError if one does not."""
    if not len(listens):
        return
    known = stored | {track.track_id for track in new}
    for track_id in listens.track_ids:
        if track_id not in known:
            raise KeyError(track_id)


def replace_listens(database: "Database", name: str, listens: ListenBatches) -> None:
    """Replace the listens of the dataset `name`, in short transactions; every track must be known.

    Stored listens stay as long as they equal the new ones, from the first on: where nothing has
    changed, nothing is written. If the process is killed, the first listens are stored, and the
    next call completes them. One batch of listens is in memory.
    """
    users: dict[str, int] = {}
    tracks: dict[str, int] = {}
    if len(listens):
        with database.begin() as connection:
            users = _put_users(connection, listens.user_ids)
            tracks = _rows_of(connection, schema.tracks, "track_id")
    n_equal, outdated = _compare_listens(database, name, _rows_in(listens, users, tracks))
    if outdated is not None:
        _delete_listens(database, name, outdated)
    if n_equal == len(listens):
        return
    table = schema.listens
    given = next(iter(listens.batches())).columns
    values = [name for name in VALUES if name in given]  # SQLAlchemy's time grows with each column
    names = ("user", "track", *values)
    new = islice(_rows_in(listens, users, tracks, values), n_equal, None)
    while chunk := list(islice(new, _CHUNK)):
        rows = [{**dict(zip(names, row, strict=True)), "dataset": name} for row in chunk]
        with database.begin() as connection:
            connection.execute(insert(table), rows)


def _rows_in(
    listens: ListenBatches,
    users: Mapping[str, int],
    tracks: Mapping[str, int],
    values: Sequence[str] = VALUES,
) -> Iterator[tuple[Any, ...]]:
    """Yield listens as they are stored, chunk by chunk: a batch may be larger than a chunk."""
    for batch in listens.batches():
        for start in range(0, len(batch), _CHUNK):
            part = batch.iloc[start : start + _CHUNK]
            columns: list[Sequence[Any]] = [
                [users[user_id] for user_id in part["user_id"]],
                [tracks[track_id] for track_id in part["track_id"]],
            ]
            for column in values:
                if column in part.columns:
                    known = part[column].astype(object)
                    columns.append(known.where(part[column].notna(), None).tolist())
                else:
                    columns.append([None] * len(part))
            yield from zip(*columns, strict=True)


def _compare_listens(
    database: "Database", name: str, new: Iterator[tuple[Any, ...]]
) -> tuple[int, int | None]:
    """Return how many stored listens equal the first `new` ones, and the id of the first other."""
    table = schema.listens
    query = select(table.c.id, table.c.user, table.c.track, *(table.c[one] for one in VALUES))
    query = query.where(table.c.dataset == name).order_by(table.c.id)
    n_equal = 0
    with database.connect() as connection:
        for number, *stored in connection.execution_options(yield_per=_CHUNK).execute(query):
            if tuple(stored) != next(new, None):
                return n_equal, number
            n_equal += 1
    return n_equal, None


def _delete_listens(database: "Database", name: str, first: int) -> None:
    """Delete the listens of a dataset from the id `first` on, in short transactions."""
    table = schema.listens
    rest = (table.c.dataset == name, table.c.id >= first)
    query = select(table.c.id).where(*rest).order_by(table.c.id).limit(_CHUNK)
    while True:
        with database.begin() as connection:
            numbers = connection.scalars(query).all()
            if not numbers:
                return
            connection.execute(delete(table).where(*rest, table.c.id <= numbers[-1]))


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


def forget_scan_problems(connection: "Connection", track_ids: Iterable[str]) -> None:
    """Delete problems of tracks that are scanned again.

    The problems of a track are those of its last scan, whatever the folder was called before.
    """
    table = schema.problems
    scanned = set(track_ids)
    found = connection.execute(
        select(table.c.id, table.c.subject).where(table.c.stage == "scan", table.c.line.is_(None))
    )
    gone = [{"at": one.id} for one in found if one.subject in scanned]
    if gone:
        connection.execute(delete(table).where(table.c.id == bindparam("at")), gone)


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
