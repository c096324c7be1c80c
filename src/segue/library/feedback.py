"""Live feedback: a log that is on disk before a request is answered, and its listens.

Every event has a key that the client chooses; an event with a known key adds nothing. In one
transaction an event is written to the log, which other processes follow by its numbers, and changes
the listens:

=================  ==============================================================================
play, skip         a new listen, with its time and the time played; a private one is no part of the
                   log, so that nothing learns from it
like, dislike      the listener's opinion of the track becomes the highest or lowest one
clear              takes that opinion back, and earlier ones of other sources with it
undo               deletes the listen of an earlier play or skip, named by its key
=================  ==============================================================================
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from sqlalchemy import delete, func, insert, select

from segue.errors import UnknownTrackError
from segue.library import schema
from segue.library.database import Database
from segue.library.forward_queue import (
    forwarding_services,
    queue_track,
    queue_track_opinion,
    unqueue,
)
from segue.library.lookup import rows_where
from segue.library.read_connection import ReadConnection
from segue.library.upserts import insert_new, upsert
from segue.ratings import DISLIKED, LIKED

if TYPE_CHECKING:
    from sqlalchemy import Connection

LIVE: Final = "live"
"""The dataset of listens that were live feedback."""

FeedbackKind = Literal["play", "skip", "like", "dislike", "clear", "undo"]
FEEDBACK_KINDS: tuple[FeedbackKind, ...] = get_args(FeedbackKind)

_MARKS = {"like": LIKED, "dislike": DISLIKED}
_SCORES = {"like": 1, "dislike": -1, "clear": 0}
_UNKNOWN = "The library holds no track {!r}: search for its id."


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An action of a listener on a track.

    `key` is unique among the events of the listener. `at` is the time in seconds since 1970,
    `ms_played` the time played, `recommended` whether segue proposed the track, `number` its place
    in the log once it is stored. A `private` play or skip is stored as a listen that nothing learns
    from. An undo `undoes` the play or skip of the same listener with that key, or the one with its
    `fingerprint`. A play that may also be imported has the `fingerprint` of the imported listen,
    and counts once.
    """

    user: str
    track_id: str
    kind: FeedbackKind
    key: str
    at: float | None = None
    ms_played: float | None = None
    recommended: bool | None = None
    private: bool = False
    number: int | None = None
    fingerprint: bytes | None = None
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class StoredPosterior:
    """Stored weights of a listener for `signals` (a fingerprint), float64 as in memory."""

    signals: str
    mean: bytes
    precision: bytes


Learn = Callable[[Event, StoredPosterior | None], StoredPosterior | None]
"""Returns the weights of a listener after an event, given the stored ones; None keeps those."""


class FeedbackLog:
    """The log of one library."""

    def __init__(self, database: Database, reader: ReadConnection) -> None:
        self._database = database
        self._reader = reader

    def check(self, events: Sequence[Event]) -> None:
        """Check that the library has every track that events name.

        Raises
        ------
        UnknownTrackError
            If it does not.
        """
        self._with_ids(events)

    def _with_ids(self, events: Sequence[Event]) -> list[Event]:
        """Return events with the ids of the tracks that they name, maybe by other names."""
        ids = self._reader.track_ids({one.track_id for one in events})
        for name, track_id in ids.items():
            if track_id is None:
                raise UnknownTrackError(_UNKNOWN.format(name))
        return [replace(one, track_id=ids[one.track_id] or "") for one in events]

    def changes(self) -> int:
        """Return a number that changes when a process has written to the database."""
        return self._reader.changes()

    def add(self, events: Sequence[Event], learn: Learn | None = None) -> list[bool]:
        """Store events, all or none; return which of them were new.

        Parameters
        ----------
        learn
            Called for each new event in order; its result is stored together with the event.

        Raises
        ------
        UnknownTrackError
            If one names a track that the library does not hold.
        LibraryError
            If the disk refuses.
        """
        events = self._with_ids(events)
        with self._database.begin() as connection:
            users = _users(connection, {event.user for event in events})
            tracks = _tracks(connection, {event.track_id for event in events})
            services = forwarding_services(connection, users)
            found = []
            for event in events:
                found.append(_add(connection, event, users, tracks, services.get(event.user, ())))
                if found[-1] and learn is not None:
                    _learn(connection, event, users[event.user], learn)
            return found

    def after(self, number: int, *, most: int = 10_000) -> list[Event]:
        """Return the next events of the log after one."""
        return [
            Event(
                user=row["user_id"],
                track_id=row["track_id"],
                kind=row["kind"],
                key="",
                at=row["at"],
                ms_played=row["ms_played"],
                number=row["number"],
            )
            for row in self._reader.events(number, most)
        ]

    def last(self) -> int:
        """Return the number of the latest event; 0 where there is none."""
        with self._database.connect() as connection:
            return connection.scalar(select(func.max(schema.feedback.c.number))) or 0


def _add(
    connection: "Connection",
    event: Event,
    users: dict[str, int],
    tracks: dict[str, int],
    services: Sequence[str],
) -> bool:
    user, track = users[event.user], tracks[event.track_id]
    at = time.time() if event.at is None else event.at
    key = _digest("event", event.user, event.key)
    row = {
        "user": user,
        "track": track,
        "kind": event.kind,
        "at": at,
        "ms_played": event.ms_played,
        "recommended": event.recommended,
        "key": key,
    }
    is_listen = event.kind in ("play", "skip")
    # the key, too: a private play is only there
    fingerprint = (event.fingerprint or key) if is_listen else None
    if fingerprint is not None and _is_imported(connection, fingerprint):
        return False
    stored = not (is_listen and event.private)
    if stored and not insert_new(connection, schema.feedback, row):
        return False
    listens = schema.listens
    if event.kind == "undo":
        undone = event.fingerprint or _digest("event", event.user, event.undoes or "")
        connection.execute(delete(listens).where(listens.c.fingerprint == undone))
        unqueue(connection, event.user, undone)
        return True
    common: dict[str, Any] = {"user": user, "track": track, "dataset": LIVE, "timestamp": at}
    if is_listen:
        listen = {
            "plays": 1.0,
            "ms_played": event.ms_played,
            "skipped": event.kind == "skip",
            "recommended": event.recommended,
            "private": event.private or None,
            "fingerprint": fingerprint,
        }
        connection.execute(insert(listens).values(common | listen))
        if services and event.kind == "play" and not event.private:
            queue_track(
                connection,
                event.user,
                services,
                fingerprint or key,
                track=track,
                at=at,
                ms_played=event.ms_played,
            )
        return True
    opinion = opinion_key(event.user, event.track_id)
    later = select(listens.c.id).where(listens.c.fingerprint == opinion, listens.c.timestamp > at)
    if connection.scalar(later) is not None:
        return True
    connection.execute(delete(listens).where(listens.c.fingerprint == opinion))
    # a row of no plays takes an opinion back
    stated = {"rating": _MARKS.get(event.kind)} if event.kind in _MARKS else {"plays": 0.0}
    connection.execute(insert(listens).values({**common, **stated, "fingerprint": opinion}))
    if services:
        score = _SCORES[event.kind]
        queue_track_opinion(
            connection, event.user, services, opinion, track=track, at=at, score=score
        )
    return True


def _learn(connection: "Connection", event: Event, user: int, learn: Learn) -> None:
    table = schema.weight_posteriors
    columns = (table.c.signals, table.c.mean, table.c.precision)
    kept = connection.execute(select(*columns).where(table.c.user == user)).first()
    found = learn(event, None if kept is None else StoredPosterior(*kept))
    if found is not None:
        values = asdict(found)
        statement = upsert(table).values(user=user, **values)
        statement = statement.on_conflict_do_update(index_elements=["user"], set_=values)
        connection.execute(statement)


def _is_imported(connection: "Connection", fingerprint: bytes) -> bool:
    """Return whether a listen is stored already, with a track or unmatched."""
    return any(
        connection.scalar(select(table.c.id).where(table.c.fingerprint == fingerprint)) is not None
        for table in (schema.listens, schema.unmatched_listens)
    )


def _users(connection: "Connection", names: set[str]) -> dict[str, int]:
    """Return the rows of listeners; new ones are added."""
    table = schema.users
    new = [{"user_id": name} for name in sorted(names)]
    if new:
        connection.execute(upsert(table).on_conflict_do_nothing(), new)
    return _rows(connection, table.c.user_id, table.c.row, names)


def _tracks(connection: "Connection", ids: set[str]) -> dict[str, int]:
    table = schema.tracks
    rows = _rows(connection, table.c.track_id, table.c.row, ids)
    for track_id in ids - rows.keys():
        raise UnknownTrackError(_UNKNOWN.format(track_id))
    return rows


def _rows(connection: "Connection", name: Any, row: Any, wanted: set[str]) -> dict[str, int]:
    found = rows_where(connection, select(name, row), name, sorted(wanted))
    return {one: int(number) for one, number in found}


def opinion_key(user: str, track_id: str) -> bytes:
    """Return the fingerprint of the one listen that holds a listener's opinion of a track."""
    return _digest("opinion", user, track_id)


def _digest(*parts: str) -> bytes:
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest()
