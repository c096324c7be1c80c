"""Fast queries for single tracks and listeners, for long-lived processes.

Each answer is a few rows and takes tens of microseconds. Other processes may write at the same
time.
"""

import json
import re
import threading
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.library.catalogue import ANALYZED, from_record, path_from_text, path_to_text
from segue.library.connection_pool import ConnectionPool
from segue.library.database_backend import DatabaseBackend
from segue.library.sharing import MIN_GROUP, Sharing
from segue.library.track_index import TrackIndex
from segue.library.track_names import (
    NameRecord,
    TrackName,
    loose_keys,
    name_keys,
    the_named,
    tracks_named,
)
from segue.text import printable_bytes
from segue.types import Track

_ANALYZED = ", ".join(f"audio_files.{name} AS analyzed_{name}" for name in ANALYZED)
_TRACKS = (
    f"SELECT tracks.*, {_ANALYZED} FROM tracks"  # noqa: S608  # our own names
    " LEFT JOIN audio_files ON audio_files.track = tracks.row"
)
_ROW_OF_TRACK = (
    "SELECT row FROM tracks WHERE track_id = ?1"
    " UNION ALL SELECT track FROM former_ids WHERE track_id = ?1 LIMIT 1"
)
_SCANS = "SELECT result FROM runs WHERE verb = 'preprocess' ORDER BY id"
_NAMES = "SELECT row, track_id, path, title, artist, missing FROM tracks"
_ALL_NAMES = "SELECT row, path, title, artist FROM tracks"
_LISTENS = (
    "SELECT listens.track, plays, ms_played, skipped, completed, rating, timestamp, position,"
    ' dataset, session_id FROM listens WHERE "user" = ? AND NOT coalesce(private, false)'
    " ORDER BY id"
)
_FRIENDS = (
    "SELECT user_id FROM users WHERE row IN"
    ' (SELECT friend FROM friends WHERE "user" = ?1'
    ' UNION SELECT "user" FROM friends WHERE friend = ?1)'
    " AND row <> ?1 ORDER BY user_id"
)
_REFUSING = (
    "SELECT name FROM accounts WHERE NOT shares_taste UNION SELECT user_id FROM users"
    " WHERE withholds AND user_id NOT IN (SELECT name FROM accounts)"
)
_SOME_PEOPLE = (
    "SELECT count(*) FROM (SELECT user_id FROM users"
    ' WHERE EXISTS (SELECT 1 FROM listens WHERE listens."user" = users.row)'
    " UNION SELECT name FROM accounts LIMIT ?) AS people"
)
_SOME_LISTENERS = (
    "SELECT count(*) FROM (SELECT 1 FROM users"
    ' WHERE EXISTS (SELECT 1 FROM listens WHERE listens."user" = users.row) LIMIT ?) AS people'
)
_EVENTS = (
    "SELECT number, user_id, track_id, kind, at, ms_played FROM feedback"
    ' JOIN users ON users.row = feedback."user" JOIN tracks ON tracks.row = feedback.track'
    " WHERE number > ? ORDER BY number LIMIT ?"
)
_RULES_VERSION = (
    'SELECT count(*), sum(row * ("user" + 1)), max(created),'
    " (SELECT count(*) || ' ' || max(changed) FROM playlists"
    " WHERE id IN (SELECT value FROM listener_rules WHERE kind = 'playlist'))"
    " FROM listener_rules WHERE CAST(?1 AS text) IS NULL OR effect = ?1"
)
_FOLDERS_VERSION = "SELECT count(*), max(row) FROM account_folders"
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

    `rows` are those of their tracks, `sources` their datasets, `sessions` the ids of their
    sessions. Private listens are left out.
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
    sessions: Sequence[str | None]


@dataclass(frozen=True, slots=True)
class StoredListener:
    """A listener's listens, friends, and the last number of the feedback log at that time."""

    listens: StoredListens
    friends: Sequence[str]
    number: int


class ReadConnection(ConnectionPool):
    """Reads one library's database, from any thread."""

    def __init__(self, backend: DatabaseBackend) -> None:
        super().__init__(backend)
        self._names, self._loose_names = TrackIndex(_keys), TrackIndex(_loose_keys)
        self._indexed_versions: dict[TrackIndex, int] = {}
        self._index_lock = threading.Lock()

    def close(self) -> None:
        """Close all connections, each after its use; the next query opens one again."""
        super().close()
        with self._index_lock:
            self._indexed_versions.clear()  # another connection counts changes from another number

    def tracks(self, rows: Sequence[int]) -> dict[int, Track]:
        """Return tracks by their rows; unknown rows are left out."""
        found: dict[int, Track] = {}
        for record in self._in(f"{_TRACKS} WHERE tracks.row", rows):
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

    def missing_rows(self) -> list[int]:
        """Return the rows of tracks whose file is gone."""
        return [int(one[0]) for one in self._all("SELECT row FROM tracks WHERE missing", [])]

    def track_row(self, track_id: str) -> int | None:
        """Return the row of a track, None where there is none with this id, present or former."""
        found = self._all(_ROW_OF_TRACK, [track_id])
        return int(found[0][0]) if found else None

    def track_rows(self, track_ids: Collection[str]) -> dict[str, int]:
        """Return the rows of tracks by their ids, present or former; unknown ids are left out."""
        wanted = {printable_bytes(one): one for one in track_ids}
        found: dict[str, int] = {}
        for table, row in (("former_ids", "track"), ("tracks", "row")):
            query = f"SELECT track_id, {row} FROM {table} WHERE track_id"  # noqa: S608  # our own
            found |= {wanted[one[0]]: int(one[1]) for one in self._in(query, list(wanted))}
        return found

    def roots(self) -> list[str]:
        """Return the folders that were scanned."""
        found = (json.loads(one[0]).get("dataset") for one in self._all(_SCANS, []))
        return [one for one in dict.fromkeys(found) if one]

    def track_id(self, text: str) -> str | None:
        """Return the id of the track that a text names, None if none does: see `track_names`.

        Raises
        ------
        AmbiguousTrackError
            If it names several.
        """
        return self.track_ids([text])[text]

    def track_ids(self, texts: Collection[str]) -> dict[str, str | None]:
        """Return the id of the track that each of some texts names, None where none does.

        Raises
        ------
        AmbiguousTrackError
            If one names several.
        """
        rows = self.track_rows(texts)
        query = "SELECT row, track_id FROM tracks WHERE row"
        ids: dict[int, str] = {one[0]: one[1] for one in self._in(query, list(rows.values()))}
        found: dict[str, str | None] = {text: ids.get(row) for text, row in rows.items()}
        others = [text for text in texts if found.get(text) is None]
        roots = self.roots() if others else []
        for text in others:
            name = TrackName(text, roots)
            one = the_named(text, tracks_named(name, self._with_keys, self._with_loose_keys))
            found[text] = None if one is None else one.track_id
        return found

    def rows_of_paths(self, texts: Collection[str]) -> dict[str, int]:
        """Return the row of the track that `track_id` finds by an id or the path of a file there.

        All texts together cost one pass over the paths of the library, and no index is made.
        """
        found, roots = self.track_rows(texts), self.roots()
        names = {text: TrackName(text, roots) for text in texts if text not in found}
        at = self._at_paths({path for name in names.values() for path in name.paths})
        for text, name in names.items():
            ranked = sorted(
                (name.rank(track), track.row)
                for track in {track for path in name.paths for track in at.get(path, [])}
            )
            if ranked and (len(ranked) == 1 or ranked[0][0] < ranked[1][0]):
                found[text] = ranked[0][1]
        return found

    def _at_paths(self, paths: Collection[str]) -> dict[str, list[NameRecord]]:
        """Return the tracks with a file at each of some paths."""
        stored = [path_to_text(Path(path)) for path in paths]
        condition, values = self._backend.in_list("path", stored)
        query = f"{_NAMES} WHERE NOT coalesce(missing, false) AND {condition}"
        found: dict[str, list[NameRecord]] = {}
        for record in self._all(query, values) if paths else []:
            track = _name_record(record)
            found.setdefault(track.path or "", []).append(track)
        return found

    def _with_keys(self, keys: Collection[str]) -> list[NameRecord]:
        return self._indexed(self._names, keys)

    def _with_loose_keys(self, keys: Collection[str]) -> list[NameRecord]:
        return self._indexed(self._loose_names, keys)

    def _indexed(self, index: TrackIndex, keys: Collection[str]) -> list[NameRecord]:
        """Return the tracks with one of some keys in an index, which is brought up to date."""
        version = self.changes()
        with self._index_lock:
            if self._indexed_versions.get(index) != version:
                with self._using() as connection:
                    index.update(connection.execute(_ALL_NAMES))
                self._indexed_versions[index] = version
            rows = index.rows(keys)
        return [_name_record(one) for one in self._in(f"{_NAMES} WHERE row", rows)]

    def by_artist(self, artist: str) -> Track | None:
        """Return a track whose artist is shown by this text, None if there is none."""
        found = self._all("SELECT row FROM tracks WHERE artist = ? LIMIT 1", [artist])
        return self.tracks([found[0][0]])[found[0][0]] if found else None

    def near(self, text: str, most: int = 3) -> list[str]:
        """Return ids of tracks that have a text in their id or title."""
        escaped = re.sub(r"([\\%_])", r"\\\1", text)
        found = self._all(
            r"SELECT track_id FROM tracks WHERE lower(track_id) LIKE lower(?1) ESCAPE '\'"
            r" OR lower(coalesce(title, '')) LIKE lower(?1) ESCAPE '\' ORDER BY row LIMIT ?2",
            [f"%{escaped}%", most],
        )
        return [record[0] for record in found]

    def events(self, number: int, most: int) -> list[Any]:
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
            ' WHERE EXISTS (SELECT 1 FROM listens WHERE listens."user" = users.row) ORDER BY row'
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

    def folders_version(self) -> str:
        """Return a text that changes with the folders of accounts; empty if all see everything."""
        count, last = self._all(_FOLDERS_VERSION, [])[0]
        return f"{count} {last}" if count else ""

    def listener(self, user: int) -> "StoredListener":
        """Return the listens and friends of the listener at a row, from one moment."""
        with self._one_state() as connection:
            number = connection.execute("SELECT max(number) FROM feedback").fetchone()[0]
            records = connection.execute(_LISTENS, [user]).fetchall()
            friends = connection.execute(_FRIENDS, [user]).fetchall()
        columns = list(zip(*records, strict=True)) or [()] * 10
        names = (
            *("plays", "ms_played", "skipped", "completed", "rating"),
            *("timestamp", "position"),
        )
        values: dict[str, Column] = {
            name: np.array(column, np.float64)
            for name, column in zip(names, columns[1:8], strict=True)
        }
        rows = np.array(columns[0], np.int64)
        listens = StoredListens(rows=rows, sources=columns[8], sessions=columns[9], **values)
        return StoredListener(listens, [record[0] for record in friends], number or 0)

    def posterior(self, user: str) -> tuple[str, bytes, bytes] | None:
        """Return the stored weights of a listener: fingerprint of signals, mean, precision."""
        found = self._all(
            "SELECT signals, mean, precision FROM weight_posteriors AS own"
            ' JOIN users ON users.row = own."user" WHERE user_id = ?',
            [user],
        )
        return (found[0][0], found[0][1], found[0][2]) if found else None

    def ratings(self, fingerprints: Sequence[bytes]) -> list[tuple[bytes, float, float | None]]:
        """Return fingerprint, rating and time of the listens with these fingerprints."""
        records = self._in(f"{_RATINGS} AND fingerprint", fingerprints)
        return [(record[0], record[1], record[2]) for record in records]

    def session(self, token: bytes, now: float) -> Any | None:
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


def _name_record(record: Any) -> NameRecord:
    path = None if record["path"] is None else str(path_from_text(record["path"]))
    known = (record["row"], record["track_id"], path, record["title"], record["artist"])
    return NameRecord(*known, missing=bool(record["missing"]))


def _keys(path: str | None, title: str | None, artist: str | None) -> Iterator[str]:
    return name_keys(None if path is None else str(path_from_text(path)), title, artist)


def _loose_keys(_: str | None, title: str | None, artist: str | None) -> Iterator[str]:
    return loose_keys(title, artist)
