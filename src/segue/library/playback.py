"""Playback state of players as they report it, shared by all server processes.

A row is only changed by a process that has read its current version, so that two reports at the
same time do not undo each other.
"""

import time
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import delete, select, update

from segue.library.database import Database
from segue.library.serving_schema import playback
from segue.library.upserts import insert_new

PlaybackState = Literal["starting", "playing", "paused", "stopped"]

_KEPT_SECONDS = 30 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """Playback of one track on one player of a listener.

    `position` is in seconds, at the time `at`; `rate` is the speed. `begun` is the start of the
    track. Playback that is `ignored` is shown and not counted.
    """

    session: str
    version: int
    track_id: str
    state: PlaybackState
    position: float
    rate: float
    begun: float
    at: float
    ignored: bool


class PlaybackStore:
    """The playback states of one library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, owner: str, client: str) -> Playback | None:
        """Return the last report of a player of an owner, if there is one."""
        return dict(self._read(playback.c.owner == owner, playback.c.client == client)).get(client)

    def of(self, owner: str) -> list[tuple[str, Playback]]:
        """Return the players of an owner, each with its last report."""
        return self._read(playback.c.owner == owner)

    def put(self, owner: str, client: str, after: Playback, before: Playback | None) -> bool:
        """Store the report of a player if the stored one is still `before`; return whether."""
        own = (playback.c.owner == owner) & (playback.c.client == client)
        values: dict[str, Any] = {**asdict(after), "version": before.version + 1 if before else 1}
        with self._database.begin() as connection:
            if before is None:
                old = playback.c.at < time.time() - _KEPT_SECONDS
                connection.execute(delete(playback).where(old))
                key = {"owner": owner, "client": client}
                return insert_new(connection, playback, key | values)
            unchanged = own & (playback.c.version == before.version)
            changed = update(playback).where(unchanged, playback.c.session == before.session)
            return bool(connection.execute(changed.values(values)).rowcount)

    def _read(self, *which: Any) -> list[tuple[str, Playback]]:
        with self._database.connect() as connection:
            rows = connection.execute(select(playback).where(*which)).mappings().all()
        names = Playback.__slots__
        return [(row["client"], Playback(**{name: row[name] for name in names})) for row in rows]
