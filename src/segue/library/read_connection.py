"""Fast queries for single tracks and listeners, for long-lived processes.

Plain SQL over a pool of connections; each answer is a few rows and takes tens of microseconds.
Other processes may write at the same time.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import LifoQueue
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.library.catalogue import ANALYZED, from_record, path_from_text
from segue.library.sharing import MIN_GROUP, Sharing
from segue.library.storage import database_uri, translate_errors
from segue.library.track_names import NamedTrack, TrackName, the_named
from segue.types import Track

MAX_CONNECTIONS: Final = 16
"""Connections of one process, at most; each has three files open."""
_BUSY_SECONDS = 10.0
_CHUNK = 500
_ANALYZED = ", ".join(f"audio_files.{name} AS analyzed_{name}" for name in ANALYZED)
_TRACKS = (
    f"SELECT tracks.*, {_ANALYZED} FROM tracks"  # noqa: S608  # our own names
    " LEFT JOIN audio_files ON audio_files.track = tracks.row"
)
_ROW_OF_TRACK = (
    "SELECT row FROM tracks WHERE track_id = ?1"
    " UNION ALL SELECT track FROM former_ids WHERE track_id = ?1 LIMIT 1"
)
_ROOTS = "SELECT DISTINCT json_extract(result, '$.dataset') FROM runs WHERE verb = 'preprocess'"
_NAMED = (
    "SELECT rank, row, track_id, path, missing FROM (SELECT name_rank(path, title, artist) AS rank,"
    " row, track_id, path, missing FROM tracks) WHERE rank > 0 ORDER BY rank, row LIMIT 1000"
)
_LISTENS = (
    "SELECT listens.track, plays, ms_played, skipped, completed, rating, timestamp, position,"
    " dataset FROM listens WHERE user = ? AND NOT coalesce(private, 0) ORDER BY id"
)
_FRIENDS = (
    "SELECT user_id FROM users WHERE row IN"
    " (SELECT friend FROM friends WHERE user = ?1 UNION SELECT user FROM friends WHERE friend = ?1)"
    " AND row <> ?1 ORDER BY user_id"
)
_REFUSING = (
    "SELECT name FROM accounts WHERE NOT shares_taste UNION SELECT user_id FROM users"
    " WHERE withholds AND user_id NOT IN (SELECT name FROM accounts)"
)
_SOME_PEOPLE = (
    "SELECT count(*) FROM (SELECT user_id FROM users"
    " WHERE EXISTS (SELECT 1 FROM listens WHERE listens.user = users.row)"
    " UNION SELECT name FROM accounts LIMIT ?)"
)
_SOME_LISTENERS = (
    "SELECT count(*) FROM (SELECT 1 FROM users"
    " WHERE EXISTS (SELECT 1 FROM listens WHERE listens.user = users.row) LIMIT ?)"
)
_EVENTS = (
    "SELECT number, user_id, track_id, kind, at, ms_played FROM feedback"
    " JOIN users ON users.row = feedback.user JOIN tracks ON tracks.row = feedback.track"
    " WHERE number > ? ORDER BY number LIMIT ?"
)
_RULES_VERSION = (
    "SELECT count(*), sum(row * (user + 1)), max(created), (SELECT count(*) || ' ' || max(changed)"
    " FROM playlists WHERE id IN (SELECT value FROM listener_rules WHERE kind = 'playlist'))"
    " FROM listener_rules WHERE ?1 IS NULL OR effect = ?1"
)
_RATINGS = "SELECT fingerprint, rating, timestamp FROM listens WHERE rating IS NOT NULL"
_SESSION = (
    "SELECT sessions.listener, sessions.csrf, sessions.created, sessions.used, sessions.expires,"
    " accounts.name AS account, admin, shares_taste, accounts.created AS made,"
    " player_password IS NOT NULL AS plays"
    " FROM sessions LEFT JOIN accounts ON accounts.row = sessions.account"
    " WHERE token = ? AND expires > ?"
    " AND (sessions.account IS NOT NULL OR NOT EXISTS (SELECT 1 FROM accounts))"
)

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StoredListens:
    """The listens of one listener in the order of their rows, each column ``[n]``, NaN for unknown.

    `rows` are those of their tracks, `sources` their datasets. Private listens are left out.
    """

    rows: NDArray[np.int64]
    plays: Column
    ms_played: Column
    skipped: Column
    completed: Column
    rating: Column
    timestamp: Column
    position: Column
    sources: Sequence[str]


@dataclass(frozen=True, slots=True)
class StoredListener:
    """A listener's listens, friends, and the last number of the feedback log at that time."""

    listens: StoredListens
    friends: Sequence[str]
    number: int


class ReadConnection:
    """Reads one library's database, from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool: LifoQueue[sqlite3.Connection | None] = LifoQueue()
        for _ in range(MAX_CONNECTIONS):
            self._pool.put(None)
        self._watch: sqlite3.Connection | None = None  # its own: it counts what others write
        self._lock = threading.Lock()

    def tracks(self, rows: Sequence[int]) -> dict[int, Track]:
        """Return tracks by their rows; unknown rows are left out."""
        found: dict[int, Track] = {}
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            for record in self._all(f"{_TRACKS} WHERE tracks.row IN ({marks})", part):
                found[record["row"]] = from_record(dict(record))
        return found

    def each_track(self) -> Iterator[Track]:
        """Yield every track in the order of rows, with a thousand in memory at a time."""
        last = -1
        while True:
            records = self._all(f"{_TRACKS} WHERE tracks.row > ? ORDER BY row LIMIT 1000", [last])
            if not records:
                return
            for record in records:
                yield from_record(dict(record))
            last = records[-1]["row"]

    def track_row(self, track_id: str) -> int | None:
        """Return the row of a track, None where there is none with this id, present or former."""
        found = self._all(_ROW_OF_TRACK, [track_id])
        return int(found[0][0]) if found else None

    def roots(self) -> list[str]:
        """Return the folders that were scanned."""
        return [one[0] for one in self._all(_ROOTS, []) if one[0]]

    def named(self, text: str) -> list[NamedTrack]:
        """Return the tracks that a text names: see `segue.library.track_names`."""
        name = TrackName(text, self.roots())

        def rank(path: str | None, title: str | None, artist: str | None) -> int:
            return name.rank(path and str(path_from_text(path)), title, artist)

        def loose(_: str | None, title: str | None, artist: str | None) -> int:
            return name.loose_rank(title, artist)

        for function in (rank, loose):
            with self._using() as connection:
                connection.create_function("name_rank", 3, function, deterministic=True)
                found = connection.execute(_NAMED).fetchall()
            if found:
                return [
                    NamedTrack(
                        rank=one["rank"],
                        row=one["row"],
                        track_id=one["track_id"],
                        path=one["path"] and str(path_from_text(one["path"])),
                        missing=bool(one["missing"]),
                    )
                    for one in found
                ]
        return []

    def by_artist(self, artist: str) -> Track | None:
        """Return a track whose artist is shown by this text, None if there is none."""
        found = self._all("SELECT row FROM tracks WHERE artist = ? LIMIT 1", [artist])
        return self.tracks([found[0][0]])[found[0][0]] if found else None

    def track_id(self, text: str) -> str | None:
        """Return the id of the track that a text names; None if none does.

        Raises
        ------
        AmbiguousTrackError
            If it names several.
        """
        row = self.track_row(text)
        if row is not None:
            return str(self._all("SELECT track_id FROM tracks WHERE row = ?", [row])[0][0])
        found = the_named(text, self.named(text))
        return None if found is None else found.track_id

    def near(self, text: str, most: int = 3) -> list[str]:
        """Return ids of tracks that have a text in their id or title."""
        found = self._all(
            "SELECT track_id FROM tracks WHERE instr(lower(track_id), lower(?1))"
            " OR instr(lower(coalesce(title, '')), lower(?1)) ORDER BY row LIMIT ?2",
            [text, most],
        )
        return [record[0] for record in found]

    def events(self, number: int, most: int) -> list[sqlite3.Row]:
        """Return the next events of the feedback log, with ids of users and tracks."""
        return self._all(_EVENTS, [number, most])

    def listener_row(self, user: str) -> int | None:
        """Return the row of a listener, None where there is none with this name."""
        found = self._all("SELECT row FROM users WHERE user_id = ?", [user])
        return int(found[0][0]) if found else None

    def listeners(self) -> list[str]:
        """Return the names of all listeners with listens, in the order they were added."""
        query = (
            "SELECT user_id FROM users"
            " WHERE EXISTS (SELECT 1 FROM listens WHERE listens.user = users.row) ORDER BY row"
        )
        return [record[0] for record in self._all(query, [])]

    def sharing(self) -> Sharing:
        """Return which accounts have not consented to share."""
        refusing = frozenset(record[0] for record in self._all(_REFUSING, []))
        counts = (
            int(self._all(query, [MIN_GROUP])[0][0]) for query in (_SOME_LISTENERS, _SOME_PEOPLE)
        )
        return Sharing(refusing, *counts)

    def rules_version(self, effect: str | None = None) -> str:
        """Return a text that changes with rules and their playlists; empty without rules."""
        count, *rest = self._all(_RULES_VERSION, [effect])[0]
        return " ".join(map(str, [count, *rest])) if count else ""

    def listener(self, user: int) -> "StoredListener":
        """Return the listens and friends of the listener at a row, from one moment."""
        with self._using() as connection:
            connection.execute("BEGIN")  # the following queries see one state
            try:
                number = connection.execute("SELECT max(number) FROM feedback").fetchone()[0]
                records = connection.execute(_LISTENS, [user]).fetchall()
                friends = connection.execute(_FRIENDS, [user]).fetchall()
            finally:
                connection.execute("COMMIT")
        columns = list(zip(*records, strict=True)) or [()] * 9
        names = (
            *("plays", "ms_played", "skipped", "completed", "rating"),
            *("timestamp", "position"),
        )
        values: dict[str, Column] = {
            name: np.array(column, np.float64)
            for name, column in zip(names, columns[1:8], strict=True)
        }
        listens = StoredListens(rows=np.array(columns[0], np.int64), sources=columns[8], **values)
        return StoredListener(listens, [record[0] for record in friends], number or 0)

    def posterior(self, user: str) -> tuple[str, bytes, bytes] | None:
        """Return the stored weights of a listener: fingerprint of signals, mean, precision."""
        found = self._all(
            "SELECT signals, mean, precision FROM weight_posteriors AS own"
            " JOIN users ON users.row = own.user WHERE user_id = ?",
            [user],
        )
        return (found[0][0], found[0][1], found[0][2]) if found else None

    def ratings(self, fingerprints: Sequence[bytes]) -> list[tuple[bytes, float, float | None]]:
        """Return fingerprint, rating and time of the listens with these fingerprints."""
        found: list[tuple[bytes, float, float | None]] = []
        for start in range(0, len(fingerprints), _CHUNK):
            part = fingerprints[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            records = self._all(f"{_RATINGS} AND fingerprint IN ({marks})", part)
            found += [(record[0], record[1], record[2]) for record in records]
        return found

    def session(self, token: bytes, now: float) -> sqlite3.Row | None:
        """Return the session with the digest of a token that has not expired, with its account."""
        found = self._all(_SESSION, [token, now])
        return found[0] if found else None

    def located(self) -> Iterator[tuple[int, Track]]:
        """Yield the row of every track with a file, and a track with only its id and paths."""
        query = "SELECT row, track_id, path, features FROM tracks ORDER BY row"
        for row, track_id, *paths in self._all(query, []):
            path, features = (path_from_text(one) if one else None for one in paths)
            if path or features:
                yield row, Track(track_id=track_id, path=path, features=features)

    def changes(self) -> int:
        """Return a number that changes when a process has written to the database."""
        with translate_errors(self._path.parent), self._lock:
            if self._watch is None:
                self._watch = self._connect()
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Close all connections, each after its use; the next query opens one again."""
        for connection in [self._pool.get() for _ in range(MAX_CONNECTIONS)]:
            if connection is not None:
                connection.close()
            self._pool.put(None)
        with self._lock:
            if self._watch is not None:
                self._watch.close()
            self._watch = None

    def _all(self, query: str, values: Sequence[Any]) -> list[sqlite3.Row]:
        with self._using() as connection:
            return connection.execute(query, values).fetchall()

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        connection = self._pool.get()  # waits while all are in use
        try:
            with translate_errors(self._path.parent):
                if connection is None:
                    connection = self._connect()
                yield connection
        finally:
            self._pool.put(connection)

    def _connect(self) -> sqlite3.Connection:
        found = sqlite3.connect(
            database_uri(self._path),
            uri=True,
            timeout=_BUSY_SECONDS,
            check_same_thread=False,
            isolation_level=None,
        )
        found.row_factory = sqlite3.Row
        found.execute("PRAGMA query_only = ON")
        return found
