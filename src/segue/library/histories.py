"""Listening history of one listener: listens, latest first, and opinions of tracks.

Every query names the listener; histories are never mixed.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import func, or_, select

from segue.library import schema
from segue.library.database import Database
from segue.library.feedback import LIVE, opinion_key
from segue.library.read_connection import ReadConnection
from segue.library.upserts import upsert

MAX_ROWS: Final = 2_000
"""Maximum number of tracks that a history can be searched for."""


@dataclass(frozen=True, slots=True)
class ListenRecord:
    """One listen of a listener.

    `at` is its time in seconds since 1970, None where unknown; `kind` one of play, skip, like,
    dislike, rating. `number` orders listens of the same time.
    """

    number: int
    at: float | None
    track_id: str
    kind: str


@dataclass(frozen=True, slots=True)
class Opinion:
    """Live feedback of a listener on a track, with its time."""

    track_id: str
    kind: Literal["like", "dislike"]
    at: float


class Histories:
    """The histories of the listeners of one library."""

    def __init__(self, database: Database, reader: ReadConnection) -> None:
        self._database = database
        self._reader = reader

    def welcome(self, user: str) -> None:
        """Add a listener without any listens."""
        statement = upsert(schema.users).values(user_id=user).on_conflict_do_nothing()
        with self._database.begin() as connection:
            connection.execute(statement)

    def page(
        self,
        user: str,
        *,
        before: tuple[float, int] | None = None,
        most: int = 50,
        rows: Collection[int] | None = None,
        plays_only: bool = False,
    ) -> list[ListenRecord]:
        """Return a listener's latest listens, those without a time last.

        Parameters
        ----------
        before
            Time (-1 for none) and number of the last listen of the previous page.
        rows
            Rows of the tracks that are wanted, at most `MAX_ROWS`; all by default.
        plays_only
            Leave out opinions, which are no plays or skips.
        """
        table = schema.listens
        moment = func.coalesce(table.c.timestamp, -1.0)
        query = (
            select(table, schema.tracks.c.track_id)
            .join_from(table, schema.users, table.c.user == schema.users.c.row)
            .join(schema.tracks, table.c.track == schema.tracks.c.row)
            .where(schema.users.c.user_id == user)
            .order_by(moment.desc(), table.c.id.desc())
            .limit(most)
        )
        if rows is not None:
            query = query.where(table.c.track.in_(list(rows)[:MAX_ROWS]))
        if plays_only:
            query = query.where(or_(table.c.plays.is_not(None), table.c.rating.is_(None)))
        if before is not None:
            at, number = before
            query = query.where(or_(moment < at, (moment == at) & (table.c.id < number)))
        with self._database.connect() as connection:
            found = connection.execute(query).mappings().all()
        return [
            ListenRecord(row["id"], row["timestamp"], row["track_id"], _kind(row)) for row in found
        ]

    def opinions(self, user: str, track_ids: Sequence[str]) -> dict[str, Opinion]:
        """Return a listener's live feedback on some tracks, by their ids."""
        keys = {opinion_key(user, track_id): track_id for track_id in track_ids}
        found = self._reader.ratings(list(keys))
        return {keys[key]: _opinion(keys[key], rating, at) for key, rating, at in found}

    def liked(self, user: str) -> list[Opinion]:
        """Return all live likes of a listener."""
        return [one for one in self.all_opinions(user) if one.kind == "like"]

    def all_opinions(self, user: str) -> list[Opinion]:
        """Return all live likes and dislikes of a listener, the latest first."""
        table = schema.listens
        query = (
            select(schema.tracks.c.track_id, table.c.rating, table.c.timestamp)
            .join_from(table, schema.users, table.c.user == schema.users.c.row)
            .join(schema.tracks, table.c.track == schema.tracks.c.row)
            .where(schema.users.c.user_id == user, table.c.dataset == LIVE)
            .where(table.c.rating.is_not(None))
            .order_by(table.c.timestamp.desc().nulls_last(), table.c.id.desc())
        )
        with self._database.connect() as connection:
            return [_opinion(*row) for row in connection.execute(query)]


def _opinion(track_id: str, rating: float, at: float | None) -> Opinion:
    return Opinion(track_id, "like" if rating > 0 else "dislike", at or 0.0)


def _kind(row: Any) -> str:
    if row["rating"] is not None and row["plays"] is None:
        live = row["dataset"] == LIVE
        return ("like" if row["rating"] > 0 else "dislike") if live else "rating"
    return "skip" if row["skipped"] else "play"
