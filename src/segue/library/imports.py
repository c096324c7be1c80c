"""Imported listens, with those whose track is not in the library.

Every imported listen has a fingerprint, so that importing it again, from the same or an overlapping
export, adds nothing. A listen without a track in the library is stored in `unmatched_listens`, and
the track it names, once for all such listens, in `track_references`.

All functions work inside a transaction that the caller holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Select, bindparam, delete, insert, or_, select, update

from segue.library import schema
from segue.library.forward_queue import forwarding_services, queue_listen, queue_opinion
from segue.library.lookup import rows_where
from segue.library.upserts import upsert
from segue.library.writes import VALUES
from segue.types import TrackReference

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table


class ImportedListen(NamedTuple):
    """A listen to import.

    `track` is the row of its track, None where the library does not have the track that is named.
    A `total` (a number of plays, a rating) replaces that of an earlier import.
    """

    user_id: str
    track: int | None
    sought: TrackReference
    fingerprint: bytes
    timestamp: float | None = None
    position: float | None = None
    plays: float | None = None
    ms_played: float | None = None
    rating: float | None = None
    skipped: bool | None = None
    completed: bool | None = None
    recommended: bool | None = None
    private: bool | None = None
    split: str | None = None
    total: bool = False
    session_id: str | None = None


class AddedListens(NamedTuple):
    """Numbers of listens that were new, and of totals and sessions that changed."""

    new: int
    changed: int


def put_arrivals(
    connection: "Connection",
    source: str,
    arrivals: Sequence[ImportedListen],
    *,
    forward: bool = False,
) -> AddedListens:
    """Add the listens of one batch that are not there yet, and sessions that were unknown."""
    if forward:
        _forward(connection, arrivals)
    users = _rows(connection, schema.users, "user_id", {one.user_id: {} for one in arrivals})
    new, changed = 0, _add_sessions(connection, arrivals)
    placed = [one for one in arrivals if one.track is not None]
    if placed:
        rows = [_record(one, users, source, track=one.track) for one in placed]
        statement = upsert(schema.listens).on_conflict_do_nothing()
        new += _changed(connection, statement, rows)
    unmatched = [one for one in arrivals if one.track is None]
    if unmatched:
        keys = {sought: key_of(sought) for sought in dict.fromkeys(one.sought for one in unmatched)}
        sought = _rows(
            connection,
            schema.track_references,
            "key",
            {key: one._asdict() for one, key in keys.items()},
        )
        there = _fingerprints(connection, [one.fingerprint for one in unmatched])
        rows = [
            _record(one, users, source, reference=sought[keys[one.sought]])
            for one in unmatched
            if one.fingerprint not in there  # matched before, by other metadata
        ]
        if rows:
            statement = upsert(schema.unmatched_listens).on_conflict_do_nothing()
            new += _changed(connection, statement, rows)
        changed += _change_totals(connection, schema.unmatched_listens, unmatched)
    # all of them: an unmatched listen may have been matched before, by better metadata
    changed += _change_totals(connection, schema.listens, arrivals)
    return AddedListens(new, changed)


def _forward(connection: "Connection", arrivals: Sequence[ImportedListen]) -> None:
    """Queue the plays that are new, and opinions, for the services of their listeners."""
    services = forwarding_services(connection, {one.user_id for one in arrivals})
    mine = [one for one in arrivals if one.user_id in services and one.timestamp is not None]
    plays = [one for one in mine if not (one.total or one.skipped or one.private)]
    marks = [one.fingerprint for one in plays]
    known = {
        mark
        for table in (schema.listens, schema.unmatched_listens)
        for (mark,) in rows_where(
            connection, select(table.c.fingerprint), table.c.fingerprint, marks
        )
    }
    for one in plays:
        if one.fingerprint not in known:
            queue_listen(
                connection,
                one.user_id,
                services[one.user_id],
                one.fingerprint,
                listen={**_names(one), "ms_played": one.ms_played},
                at=one.timestamp or 0.0,
            )
    for one in mine:
        if one.total:
            queue_opinion(
                connection,
                one.user_id,
                services[one.user_id],
                one.fingerprint,
                names=_names(one),
                at=one.timestamp or 0.0,
                score=0 if one.rating is None else 1 if one.rating > 0 else -1,
            )


def _names(one: ImportedListen) -> dict[str, Any]:
    """Return what services are told about the track of a listen."""
    sought = one.sought
    return {
        "artist": sought.artist,
        "title": sought.title,
        "album": sought.album,
        "recording": (sought.recording or "").split("|")[0] or None,
    }


def key_of(sought: TrackReference) -> bytes:
    """Return a digest of a track reference."""
    text = "\x1f".join(part or "" for part in sought)
    return blake2b(text.encode(), digest_size=12).digest()


def track_references(
    connection: "Connection", after: int, most: int
) -> list[tuple[int, TrackReference]]:
    """Return the next tracks that unmatched listens name, with their rows, in order."""
    table = schema.track_references
    columns = (table.c[name] for name in TrackReference._fields)
    query = select(table.c.row, *columns).where(table.c.row > after).order_by(table.c.row)
    return [(row[0], TrackReference(*row[1:])) for row in connection.execute(query.limit(most))]


def match_listens(connection: "Connection", found: Mapping[int, int]) -> int:
    """Move unmatched listens to `listens`; return their number.

    `found` gives the row of the track by the row of the reference.
    """
    values = [{"reference_row": sought, "track_row": track} for sought, track in found.items()]
    if not values:
        return 0
    names = ["user", *VALUES, "dataset", "fingerprint"]
    unmatched = schema.unmatched_listens
    theirs = unmatched.c.reference == bindparam("reference_row")
    chosen: Select[Any] = select(
        bindparam("track_row"), *(unmatched.c[name] for name in names)
    ).where(theirs)
    placing = upsert(schema.listens).from_select(["track", *names], chosen)
    placed = _changed(connection, placing.on_conflict_do_nothing(), values)
    connection.execute(delete(unmatched).where(theirs), values)
    row = schema.track_references.c.row == bindparam("reference_row")
    connection.execute(delete(schema.track_references).where(row), values)
    return placed


def _record(
    one: ImportedListen, users: Mapping[Any, int], source: str, **what: int | None
) -> dict[str, Any]:
    return {
        "user": users[one.user_id],
        **what,
        "timestamp": one.timestamp,
        "position": one.position,
        "session_id": one.session_id,
        "plays": one.plays,
        "ms_played": one.ms_played,
        "rating": one.rating,
        "skipped": one.skipped,
        "completed": one.completed,
        "recommended": one.recommended,
        "private": one.private,
        "split": one.split,
        "dataset": source,
        "fingerprint": one.fingerprint,
    }


def _change_totals(
    connection: "Connection", table: "Table", arrivals: Iterable[ImportedListen]
) -> int:
    """Set totals to those of the latest import; return how many changed."""
    names = ("timestamp", "plays", "ms_played", "rating")
    totals = [
        {"known_by": one.fingerprint, **{f"new_{name}": getattr(one, name) for name in names}}
        for one in arrivals
        if one.total
    ]
    if not totals:
        return 0
    new = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names}
    differs = or_(*(table.c[name].is_distinct_from(new[name]) for name in names))
    statement = update(table).where(table.c.fingerprint == bindparam("known_by"), differs)
    return _changed(connection, statement.values(new), totals)


def _add_sessions(connection: "Connection", arrivals: Iterable[ImportedListen]) -> int:
    """Set sessions of stored listens that had none; return how many changed."""
    sessions = [
        {"known_by": one.fingerprint, "new_session": one.session_id}
        for one in arrivals
        if one.session_id is not None
    ]
    if not sessions:
        return 0
    changed = 0
    for table in (schema.listens, schema.unmatched_listens):
        same = table.c.fingerprint == bindparam("known_by")
        statement = update(table).where(same, table.c.session_id.is_(None))
        statement = statement.values(session_id=bindparam("new_session"))
        changed += _changed(connection, statement, sessions)
    return changed


def _changed(connection: "Connection", statement: Any, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run a statement with each of the rows; return how many rows of the table it changed."""
    counting = {"preserve_rowcount": True}
    return connection.execute(statement, rows, execution_options=counting).rowcount


def _fingerprints(connection: "Connection", wanted: Sequence[bytes]) -> set[bytes]:
    """Return the fingerprints that are in `listens`."""
    column = schema.listens.c.fingerprint
    return set(_found(connection, select(column, column), column, wanted))


def _rows(
    connection: "Connection", table: "Table", column: str, wanted: Mapping[Any, Mapping[str, Any]]
) -> dict[Any, int]:
    """Return the rows of the `wanted` values of a unique column; missing ones are added."""
    query = select(table.c[column], table.c.row)
    found = _found(connection, query, table.c[column], list(wanted))
    new = [{column: key, **values} for key, values in wanted.items() if key not in found]
    if new:
        connection.execute(insert(table), new)
        found |= _found(connection, query, table.c[column], [row[column] for row in new])
    return found


def _found(
    connection: "Connection", query: "Select[Any]", column: Any, wanted: Sequence[Any]
) -> dict[Any, Any]:
    return {row[0]: row[1] for row in rows_where(connection, query, column, wanted)}
