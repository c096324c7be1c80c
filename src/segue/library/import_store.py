"""What imports left in the library: doubled listens, listens without a track, joined names.

A listen that two services recorded is in the library once (`ImportStore.remove_doubled`): the times
of one listener's listens of one track are nearer than the track is long, and they come from
different services (see `segue.library.doubled_listens`). Totals, counts, opinions, listens without
a time and those of datasets are left alone. Listens are compared once, when they are new: a listen
whose double is gone must not lose another one at the next import.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from sqlalchemy import case, delete, distinct, func, select

from segue.library import schema
from segue.library.compared_listens import ComparedListens
from segue.library.doubled_listens import ServiceListens, doubled_listens
from segue.library.joined_listeners import joined_names
from segue.library.lookup import rows_where
from segue.listens import ReportedListens, outcomes
from segue.types import TrackReference

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy import Connection

    from segue.library.database import Database

DOUBLE_SECONDS: Final = 30.0
"""How near two listens of a track of unknown duration must be to count as one."""
_IMPORTED: Final = "import:%"
_BATCH: Final = 10_000


class UnmatchedTrack(NamedTuple):
    """A track that listens name and the library lacks: its listens, and the last of them."""

    track: TrackReference
    user: str
    listens: float
    rating: float | None
    last: float | None


class ImportStore:
    """Imported listens of one library."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    def remove_doubled(self, precedence: Sequence[str]) -> Counter[str]:
        """Delete new listens that another service recorded, too, or the others in their place.

        Parameters
        ----------
        precedence
            Sources in the order in which their listens are kept; others follow by name.

        Returns
        -------
        Counter
            The number of deleted listens by their source.
        """
        with self._database.connect() as connection:
            compared = ComparedListens.read(connection)
            last = connection.scalar(select(func.max(schema.listens.c.id))) or 0
            users = _users_of_several_sources(connection, compared)
        removed: Counter[str] = Counter()
        for user in users:
            with self._database.begin() as connection:
                removed += _remove_doubled_of(connection, user, precedence, compared)
        if compared != (last, []):
            with self._database.begin() as connection:
                last = connection.scalar(select(func.max(schema.listens.c.id))) or 0
                ComparedListens(last, []).write(connection)
        return removed

    def known_sessions(self, wanted: Sequence[bytes]) -> dict[bytes, str | None]:
        """Return the session of each listen that has one of the `wanted` fingerprints."""
        found: dict[bytes, str | None] = {}
        with self._database.connect() as connection:
            for table in (schema.listens, schema.unmatched_listens):
                column = table.c.fingerprint
                query = select(column, table.c.session_id)
                found |= {row[0]: row[1] for row in rows_where(connection, query, column, wanted)}
        return found

    def names_of_source(self, source: str) -> list[str]:
        """Return the listeners with listens of one source."""
        found: set[str] = set()
        with self._database.connect() as connection:
            for table in (schema.listens, schema.unmatched_listens):
                query = (
                    select(schema.users.c.user_id)
                    .join(table, table.c.user == schema.users.c.row)
                    .where(table.c.dataset == source)
                    .distinct()
                )
                found |= set(connection.scalars(query))
        return sorted(found)

    def joined_names(self) -> dict[str, str]:
        """Return the present name of each listener that was joined with another."""
        with self._database.connect() as connection:
            return joined_names(connection)

    def unmatched_tracks(self, user: str | None = None) -> list[UnmatchedTrack]:
        """Return the tracks that listens name and the library lacks, for each listener.

        Skips, private listens and rows without a play and an opinion do not count.
        """
        table, named = schema.unmatched_listens, schema.track_references
        plays = func.sum(
            func.coalesce(table.c.plays, case((table.c.rating.is_(None), 1.0), else_=0.0))
        )
        query = (
            select(
                *(named.c[name] for name in TrackReference._fields),
                schema.users.c.user_id,
                plays,
                func.max(table.c.rating),
                func.max(table.c.timestamp),
            )
            .join_from(table, named, table.c.reference == named.c.row)
            .join(schema.users, table.c.user == schema.users.c.row)
            .where(table.c.skipped.is_not(True), table.c.private.is_not(True))
            .group_by(named.c.row, schema.users.c.row)  # keys, by which PostgreSQL knows the rest
            .order_by(named.c.row, schema.users.c.row)
        )
        if user is not None:
            query = query.where(schema.users.c.user_id == user)
        n = len(TrackReference._fields)
        with self._database.connect() as connection:
            return [
                UnmatchedTrack(TrackReference(*row[:n]), *row[n:])
                for row in connection.execute(query)
                if row[n + 1] or row[n + 2] is not None
            ]


def _users_of_several_sources(connection: "Connection", compared: ComparedListens) -> list[int]:
    table = schema.listens
    imported = table.c.dataset.like(_IMPORTED)
    new = select(table.c.user).where(imported, table.c.id > compared.last).distinct()
    several = (
        select(table.c.user)
        .where(imported)
        .group_by(table.c.user)
        .having(func.count(distinct(table.c.dataset)) > 1)
    )
    wanted = {*connection.scalars(new), *compared.new_users}
    return [user for user in connection.scalars(several) if user in wanted] if wanted else []


def _remove_doubled_of(
    connection: "Connection", user: int, precedence: Sequence[str], compared: ComparedListens
) -> Counter[str]:
    table = schema.listens
    said = (table.c.ms_played, table.c.skipped, table.c.completed)
    query = select(table.c.id, table.c.track, table.c.timestamp, table.c.dataset, *said).where(
        table.c.user == user,
        table.c.dataset.like(_IMPORTED),
        table.c.timestamp.is_not(None),
        table.c.rating.is_(None),
        table.c.plays.is_(None),  # others are counts of listens
    )
    rows = connection.execute(query).all()
    if not rows:
        return Counter()
    ids, tracks, times, sources, *stated = zip(*rows, strict=True)
    durations = _durations(connection, set(tracks))
    order = {name: rank for rank, name in enumerate(_ordered(set(sources), precedence))}
    seconds = np.array([durations.get(track, np.nan) for track in tracks])
    doubled = doubled_listens(
        ServiceListens(
            tracks=np.array(tracks, np.int64),
            times=np.array(times, np.float64),
            near=np.where(np.isnan(seconds), DOUBLE_SECONDS, seconds),
            ranks=np.array([order[source] for source in sources], np.int64),
            completeness=_completeness(seconds, *(np.array(one, np.float64) for one in stated)),
            new=(np.array(ids) > compared.last) | (user in compared.new_users),
        )
    )
    places = np.flatnonzero(doubled)
    for start in range(0, len(places), _BATCH):
        _delete_ids(connection, [ids[place] for place in places[start : start + _BATCH]])
    return Counter(sources[place] for place in places)


def _completeness(
    seconds: "NDArray[np.float64]",
    ms_played: "NDArray[np.float64]",
    skipped: "NDArray[np.float64]",
    completed: "NDArray[np.float64]",
) -> "NDArray[np.int64]":
    """Return 2 for completed listens, 1 for partial ones, 0 for skips, ``[n]``."""
    plays, rated = np.ones(len(seconds)), np.zeros(len(seconds), np.bool_)
    found = outcomes(ReportedListens(plays, ms_played, seconds, skipped, completed, rated))
    return np.where(found.completed > 0, 2, np.where(found.skipped > 0, 0, 1))


def _ordered(sources: Iterable[str], precedence: Sequence[str]) -> list[str]:
    ranks = {name: rank for rank, name in enumerate(precedence)}
    return sorted(sources, key=lambda name: (ranks.get(name, len(ranks)), name))


def _durations(connection: "Connection", tracks: Collection[int]) -> Mapping[int, float]:
    rows, files = schema.tracks, schema.audio_files
    duration = func.coalesce(files.c.duration, rows.c.duration)
    query = select(rows.c.row, duration).outerjoin(files, files.c.track == rows.c.row)
    found = rows_where(connection, query, rows.c.row, list(tracks))
    return {row: seconds for row, seconds in found if seconds}


def _delete_ids(connection: "Connection", ids: Sequence[int]) -> None:
    table = schema.listens
    for start in range(0, len(ids), 500):
        connection.execute(delete(table).where(table.c.id.in_(ids[start : start + 500])))
