"""What music players save on the server: play queues, bookmarks, internet radio stations.

A play queue and bookmarks belong to one owner, radio stations to the library. Positions are in
milliseconds, as players send them.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import delete, insert, select, update

from segue.library.database import Database
from segue.library.lookup import rows_where
from segue.library.read_connection import ReadConnection
from segue.library.schema import tracks
from segue.library.serving_schema import bookmarks, play_queues, radio_stations
from segue.library.upserts import upsert


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayQueue:
    """The play queue of a listener: `place` is that of the current track, None without tracks."""

    track_ids: Sequence[str]
    place: int | None
    position_ms: int
    changed: float
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A position in a track that a listener marked."""

    track_id: str
    position_ms: int
    comment: str | None
    created: float
    changed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class InternetRadioStation:
    """An internet radio station."""

    row: int
    name: str
    stream_url: str
    home_page_url: str | None = None


class PlayerStore:
    """The play queues, bookmarks and radio stations of one library."""

    def __init__(self, database: Database, reader: ReadConnection) -> None:
        self._database = database
        self._reader = reader

    # play queues ---------------------------------------------------------------------------------

    def save_queue(
        self,
        owner: str,
        track_ids: Sequence[str],
        place: int | None,
        position_ms: int,
        changed_by: str,
    ) -> None:
        """Replace the play queue of an owner; one without tracks is deleted."""
        values = {
            "track_ids": json.dumps(list(track_ids)),
            "place": place,
            "position_ms": position_ms,
            "changed": time.time(),
            "changed_by": changed_by,
        }
        statement = upsert(play_queues).values(owner=owner, **values)
        saved = statement.on_conflict_do_update(index_elements=["owner"], set_=values)
        removed = delete(play_queues).where(play_queues.c.owner == owner)
        with self._database.begin() as connection:
            connection.execute(saved if track_ids else removed)

    def queue(self, owner: str) -> PlayQueue | None:
        """Return the play queue of an owner, if there is one.

        Tracks that the library does not hold any more are left out. If the current one is among
        them, the next one is current, from its start.
        """
        query = select(play_queues).where(play_queues.c.owner == owner)
        with self._database.connect() as connection:
            row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        stored: list[str] = json.loads(row["track_ids"])
        present = self._present_ids(stored)
        track_ids = [one for one in present if one is not None]
        place, position_ms = row["place"], row["position_ms"]
        if place is not None:
            if present[place] is None:
                position_ms = 0
            place = sum(one is not None for one in present[:place])
            place = min(place, len(track_ids) - 1) if track_ids else None
        return PlayQueue(
            track_ids=track_ids,
            place=place,
            position_ms=position_ms,
            changed=row["changed"],
            changed_by=row["changed_by"],
        )

    def _present_ids(self, track_ids: Sequence[str]) -> list[str | None]:
        """Return the present id of each track, which may have become part of another one."""
        rows = self._reader.track_rows(dict.fromkeys(track_ids))
        query = select(tracks.c.row, tracks.c.track_id)
        with self._database.connect() as connection:
            wanted = sorted(set(rows.values()))
            ids = dict(tuple(one) for one in rows_where(connection, query, tracks.c.row, wanted))
        return [ids.get(rows.get(one, -1)) for one in track_ids]

    # bookmarks -----------------------------------------------------------------------------------

    def put_bookmark(
        self, owner: str, track_id: str, position_ms: int, comment: str | None = None
    ) -> None:
        """Add a bookmark, or move the one of the same track."""
        now = time.time()
        values = {"position_ms": position_ms, "comment": comment, "changed": now}
        statement = upsert(bookmarks).values(owner=owner, track_id=track_id, created=now, **values)
        keys = ["owner", "track_id"]
        with self._database.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))

    def delete_bookmark(self, owner: str, track_id: str) -> bool:
        """Delete the bookmark of a track; return whether there was one."""
        own = (bookmarks.c.owner == owner) & (bookmarks.c.track_id == track_id)
        with self._database.begin() as connection:
            return bool(connection.execute(delete(bookmarks).where(own)).rowcount)

    def bookmarks(self, owner: str) -> list[Bookmark]:
        """Return the bookmarks of an owner, the latest change first."""
        names = tuple(Bookmark.__slots__)
        query = select(*(bookmarks.c[name] for name in names)).where(bookmarks.c.owner == owner)
        with self._database.connect() as connection:
            rows = connection.execute(query.order_by(bookmarks.c.changed.desc())).mappings()
            return [Bookmark(**row) for row in rows]

    # radio stations ------------------------------------------------------------------------------

    def add_station(
        self, name: str, stream_url: str, home_page_url: str | None
    ) -> InternetRadioStation:
        """Add a radio station and return it."""
        values = {"name": name, "stream_url": stream_url, "home_page_url": home_page_url}
        with self._database.begin() as connection:
            key = connection.execute(insert(radio_stations).values(values)).inserted_primary_key
        return InternetRadioStation(
            row=key[0] if key else 0,
            name=name,
            stream_url=stream_url,
            home_page_url=home_page_url,
        )

    def change_station(self, station: InternetRadioStation) -> bool:
        """Replace a radio station; return whether it was there."""
        values = asdict(station)
        changed = update(radio_stations).where(radio_stations.c.row == values.pop("row"))
        with self._database.begin() as connection:
            return bool(connection.execute(changed.values(values)).rowcount)

    def delete_station(self, row: int) -> bool:
        """Delete a radio station; return whether it was there."""
        removed = delete(radio_stations).where(radio_stations.c.row == row)
        with self._database.begin() as connection:
            return bool(connection.execute(removed).rowcount)

    def stations(self) -> list[InternetRadioStation]:
        """Return the radio stations in the order in which they were added."""
        with self._database.connect() as connection:
            rows = connection.execute(select(radio_stations).order_by(radio_stations.c.row))
            return [InternetRadioStation(**row) for row in rows.mappings()]
