"""Dated plays of a listener, as scrobblers read them: matched to a track or not, latest first.

Skips, private plays, totals, opinions and plays without a time are no part of it.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Table, case, delete, func, or_, select

from segue.library import schema
from segue.library.database import Database
from segue.library.lookup import rows_where
from segue.library.serving_schema import latest_imports
from segue.library.upserts import upsert
from segue.types import TrackReference


class PlayRecord(NamedTuple):
    """A play at a time in seconds since 1970, of a track of the library or of another.

    `track_id` is None for a track that the library lacks, and `reference` names it then.
    """

    at: float
    track_id: str | None
    reference: TrackReference | None
    ms_played: float | None


class PlayLog:
    """The dated plays of the listeners of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        user: str,
        *,
        after: float | None = None,
        before: float | None = None,
        most: int = 25,
    ) -> list[PlayRecord]:
        """Return plays later than `after` and earlier than `before`, the latest first.

        These are the latest; with `after` alone they are the first ones after it.
        """
        rising = after is not None and before is None
        found: list[PlayRecord] = []
        with self._database.connect() as connection:
            for table, key, named, names in (
                (schema.listens, "track", schema.tracks, ("track_id",)),
                (
                    schema.unmatched_listens,
                    "reference",
                    schema.track_references,
                    TrackReference._fields,
                ),
            ):
                at = table.c.timestamp
                order = at.asc().nulls_first() if rising else at.desc().nulls_last()
                columns = (table.c.timestamp, table.c.ms_played, *(named.c[one] for one in names))
                query = (
                    select(*columns)
                    .join_from(table, schema.users, table.c.user == schema.users.c.row)
                    .join(named, table.c[key] == named.c.row)
                    .where(schema.users.c.user_id == user, *_is_play(table))
                    .order_by(order, table.c.id)
                    .limit(most)
                )
                if after is not None:
                    query = query.where(table.c.timestamp > after)
                if before is not None:
                    query = query.where(table.c.timestamp < before)
                matched = named is schema.tracks
                found += [
                    PlayRecord(
                        at,
                        names[0] if matched else None,
                        None if matched else TrackReference(*names),
                        ms_played,
                    )
                    for at, ms_played, *names in connection.execute(query)
                ]
        found.sort(key=lambda one: one.at, reverse=not rising)
        return found[:most][::-1] if rising else found[:most]

    def count(self, user: str) -> int:
        """Return the number of plays of a listener."""
        total = 0
        with self._database.connect() as connection:
            for table in (schema.listens, schema.unmatched_listens):
                query = (
                    select(func.count())
                    .select_from(table)
                    .join(schema.users, table.c.user == schema.users.c.row)
                    .where(schema.users.c.user_id == user, *_is_play(table))
                )
                total += connection.scalar(query) or 0
        return total

    def latest(self, user: str) -> float | None:
        """Return the time of the latest play; None if there is none."""
        found = self.page(user, most=1)
        return found[0].at if found else None

    def oldest(self, user: str) -> float | None:
        """Return the time of the first play; None if there is none."""
        found = self.page(user, after=0.0, most=1)
        return found[0].at if found else None

    def imported_until(self, user: str, service: str) -> float | None:
        """Return the time up to which a program has imported listens, by the name of its source."""
        own = (latest_imports.c.owner == user) & (latest_imports.c.service == service)
        with self._database.connect() as connection:
            return connection.scalar(select(latest_imports.c.at).where(own))

    def set_imported_until(self, user: str, service: str, at: float) -> None:
        """Store the time up to which a program has imported listens, unless a later one is."""
        values = {"owner": user, "service": service, "at": at}
        statement = upsert(latest_imports).values(values)
        statement = statement.on_conflict_do_update(
            index_elements=["owner", "service"],
            set_={"at": case((latest_imports.c.at > at, latest_imports.c.at), else_=at)},
        )
        with self._database.begin() as connection:
            connection.execute(statement)

    def seconds_of(
        self, user: str, track_ids: Collection[str], first: float, last: float
    ) -> set[tuple[str, int]]:
        """Return track and whole second of the listens of some tracks between two times."""
        table = schema.listens
        query = (
            select(schema.tracks.c.track_id, table.c.timestamp)
            .join_from(table, schema.users, table.c.user == schema.users.c.row)
            .join(schema.tracks, table.c.track == schema.tracks.c.row)
            .where(schema.users.c.user_id == user)
            .where(table.c.timestamp >= first, table.c.timestamp <= last)
        )
        with self._database.connect() as connection:
            rows = rows_where(connection, query, schema.tracks.c.track_id, list(track_ids))
            return {(track_id, int(at)) for track_id, at in rows}

    def fingerprints_at(self, user: str, track_id: str, second: int) -> list[bytes]:
        """Return the fingerprints of the plays of a track that began in a second."""
        table = schema.listens
        query = (
            select(table.c.fingerprint)
            .join_from(table, schema.users, table.c.user == schema.users.c.row)
            .join(schema.tracks, table.c.track == schema.tracks.c.row)
            .where(schema.users.c.user_id == user, schema.tracks.c.track_id == track_id)
            .where(*_in_second(table, second), table.c.fingerprint.is_not(None))
        )
        with self._database.connect() as connection:
            return list(connection.scalars(query))

    def delete_unmatched(self, user: str, references: Sequence[int], second: int) -> int:
        """Delete plays without a track that began in a second; return their number.

        `references` are rows of the tracks that they name.
        """
        table = schema.unmatched_listens
        own = select(schema.users.c.row).where(schema.users.c.user_id == user).scalar_subquery()
        which = (table.c.user == own, table.c.reference.in_(references))
        with self._database.begin() as connection:
            deleted = delete(table).where(*which, *_in_second(table, second))
            return int(connection.execute(deleted).rowcount)


def _is_play(table: Table) -> tuple[Any, ...]:
    return (
        table.c.timestamp.is_not(None),
        or_(table.c.plays == 1, (table.c.plays.is_(None)) & (table.c.rating.is_(None))),
        table.c.skipped.is_not(True),
        table.c.private.is_not(True),
    )


def _in_second(table: Table, second: int) -> tuple[Any, ...]:
    return (*_is_play(table), table.c.timestamp >= second, table.c.timestamp < second + 1)
