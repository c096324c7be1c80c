"""What imports left in the library: doubled listens, listens without a track, joined names.

A listen that two services recorded is in the library once (`ImportStore.remove_doubled`): the times
of one listener's listens of one track are nearer than the track is long, and they come from
different services. The listen of the service that is first in an order is kept, so the order of the
imports does not matter. Totals, opinions, listens without a time and those of datasets are left
alone.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, delete, distinct, func, or_, select

from segue.library import schema
from segue.library.joined_listeners import joined_names
from segue.library.lookup import rows_where
from segue.types import TrackReference

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from segue.library.database import Database

DOUBLE_SECONDS: Final = 30.0
"""How near two listens of a track of unknown duration must be to count as one."""
_IMPORTED: Final = "import:%"
_MAX_USERS: Final = 500
_BATCH: Final = 10_000
Values = NDArray[np.float64]


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

    def remove_doubled(
        self, users: Collection[str] | None, precedence: Sequence[str]
    ) -> Counter[str]:
        """Delete listens that a service of higher precedence recorded, too.

        Parameters
        ----------
        users
            The listeners to look at, None for all.
        precedence
            Sources in the order in which their listens are kept; others follow by name.

        Returns
        -------
        Counter
            The number of deleted listens by their source.
        """
        removed: Counter[str] = Counter()
        for user in self._users_of_several_sources(users):
            with self._database.begin() as connection:
                removed += _remove_doubled_of(connection, user, precedence)
        return removed

    def known_fingerprints(self, wanted: Sequence[bytes]) -> set[bytes]:
        """Return those of some fingerprints that a listen in the library has."""
        found: set[bytes] = set()
        with self._database.connect() as connection:
            for table in (schema.listens, schema.unmatched_listens):
                column = table.c.fingerprint
                found |= {row[0] for row in rows_where(connection, select(column), column, wanted)}
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

        Skips and rows without a play and an opinion do not count.
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
            .where(table.c.skipped.is_not(True))
            .group_by(table.c.reference, table.c.user)
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

    def _users_of_several_sources(self, users: Collection[str] | None) -> list[int]:
        table = schema.listens
        query = (
            select(table.c.user)
            .where(table.c.dataset.like(_IMPORTED))
            .group_by(table.c.user)
            .having(func.count(distinct(table.c.dataset)) > 1)
        )
        with self._database.connect() as connection:
            if users is None or len(users) > _MAX_USERS:
                return list(connection.scalars(query))
            named = schema.users
            rows = select(named.c.row).where(named.c.user_id.in_(list(users)))
            return list(connection.scalars(query.where(table.c.user.in_(rows))))


def _remove_doubled_of(
    connection: "Connection", user: int, precedence: Sequence[str]
) -> Counter[str]:
    table = schema.listens
    query = select(table.c.id, table.c.track, table.c.timestamp, table.c.dataset).where(
        table.c.user == user,
        table.c.dataset.like(_IMPORTED),
        table.c.timestamp.is_not(None),
        table.c.rating.is_(None),
        or_(table.c.plays.is_(None), table.c.plays == 1.0),
    )
    rows = connection.execute(query).all()
    if not rows:
        return Counter()
    ids, tracks, times, sources = zip(*rows, strict=True)
    durations = _durations(connection, set(tracks))
    order = {name: rank for rank, name in enumerate(_ordered(set(sources), precedence))}
    doubled = doubled_listens(
        np.array(tracks, np.int64),
        np.array(times, np.float64),
        np.array([durations.get(track, DOUBLE_SECONDS) for track in tracks]),
        np.array([order[source] for source in sources], np.int64),
    )
    places = np.flatnonzero(doubled)
    for start in range(0, len(places), _BATCH):
        _delete_ids(connection, [ids[place] for place in places[start : start + _BATCH]])
    return Counter(sources[place] for place in places)


def doubled_listens(
    tracks: NDArray[np.int64], times: Values, near: Values, ranks: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return which listens of one listener a source of lower rank recorded, too.

    All arrays have one element for each listen: its track, its time and how near another one must
    be in seconds, and the rank of its source.

    >>> one = np.zeros(3, np.int64)
    >>> times, near = np.array([0.0, 100.0, 400.0]), np.full(3, 200.0)
    >>> doubled_listens(one, times, near, np.array([1, 0, 1])).tolist()
    [True, False, False]
    """
    if not len(times):
        return np.zeros(0, np.bool_)
    _, numbers = np.unique(tracks, return_inverse=True)
    span = float(times.max() - times.min() + 2 * near.max() + 1.0)
    keys = numbers * span + (times - times.min())
    doubled = np.zeros(len(times), np.bool_)
    kept = np.zeros(0)
    for rank in np.unique(ranks):
        places = np.flatnonzero(ranks == rank)
        if len(kept):
            doubled[places] = _distance(keys[places], kept) < near[places]
        kept = np.sort(np.concatenate([kept, keys[places[~doubled[places]]]]))
    return doubled


def _distance(keys: Values, others: Values) -> Values:
    """Return how far the nearest of the `others`, which are sorted, is from each key."""
    after = np.searchsorted(others, keys)
    right = np.abs(others[np.minimum(after, len(others) - 1)] - keys)
    left = np.abs(others[np.maximum(after - 1, 0)] - keys)
    return np.minimum(left, right)


def _ordered(sources: Iterable[str], precedence: Sequence[str]) -> list[str]:
    ranks = {name: rank for rank, name in enumerate(precedence)}
    return sorted(sources, key=lambda name: (ranks.get(name, len(ranks)), name))


def _durations(connection: "Connection", tracks: Collection[int]) -> Mapping[int, float]:
    rows, files = schema.tracks, schema.audio_files
    duration = func.coalesce(rows.c.duration, files.c.duration)
    query = select(rows.c.row, duration).outerjoin(files, files.c.track == rows.c.row)
    found = rows_where(connection, query, rows.c.row, list(tracks))
    return {row: seconds for row, seconds in found if seconds}


def _delete_ids(connection: "Connection", ids: Sequence[int]) -> None:
    table = schema.listens
    for start in range(0, len(ids), 500):
        connection.execute(delete(table).where(table.c.id.in_(ids[start : start + 500])))
