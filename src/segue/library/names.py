"""Finding tracks by the beginnings of words in their titles, artists and albums.

An index of its own beside the arrays it was made with: SQLite's full-text search, without regard to
case and accents. Tracks are in it in the order of how many listeners they have, so that the first
that fit are the ones that are likely meant, and nothing need be sorted.
"""

import re
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from segue.types import Track

_TABLE = (
    "CREATE VIRTUAL TABLE names USING fts5(title, artist, album, content='', columnsize=0,"
    " detail=full, prefix='1 2 3', tokenize='unicode61 remove_diacritics 2')"
)
_WORD = re.compile(r"\w+")
_MOST_WORDS = 12


class NameIndex:
    """The index of one catalogue, opened to be read from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the index.

        Raises
        ------
        OSError
            If there is none.
        """
        if not path.is_file():
            raise FileNotFoundError(path)
        # held open from now on: another index may take its place
        self._connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1",
            uri=True,
            check_same_thread=False,
        )
        self._lock = threading.Lock()
        order = self._connection.execute("SELECT positions FROM places").fetchone()[0]
        self._positions = np.frombuffer(order, np.int32)

    @staticmethod
    def write(path: Path, tracks: Sequence[Track], listeners: NDArray[np.float32]) -> None:
        """Write the index of a catalogue, in which `listeners` ``[n_tracks]`` like each track."""
        order = np.argsort(-listeners, kind="stable").astype(np.int32)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_TABLE)
        connection.execute("CREATE TABLE places (positions BLOB)")
        connection.execute("INSERT INTO places VALUES (?)", [order.tobytes()])
        found = ((place, tracks[position]) for place, position in enumerate(order.tolist()))
        connection.executemany(
            "INSERT INTO names (rowid, title, artist, album) VALUES (?, ?, ?, ?)",
            ((place, one.title, one.artist, one.album) for place, one in found),
        )
        connection.execute("INSERT INTO names (names) VALUES ('optimize')")
        connection.commit()
        connection.close()

    def find(self, text: str, most: int = 20) -> list[int]:
        """Return the positions of up to `most` tracks whose names have words that begin so.

        Those whose title begins with the text come first, then those whose artist does, then those
        that have its words anywhere; in each, those with most listeners.
        """
        words = _WORD.findall(text)[:_MOST_WORDS]
        if not words or most < 1:
            return []
        beginnings = " + ".join(f'"{word}"' for word in words) + " *"
        anywhere = " AND ".join(f'"{word}" *' for word in words)
        found: dict[int, None] = {}
        for query in (f"title : ^ {beginnings}", f"artist : ^ {beginnings}", anywhere):
            with self._lock:
                rows = self._connection.execute(
                    "SELECT rowid FROM names WHERE names MATCH ? ORDER BY rowid LIMIT ?",
                    [query, most],
                ).fetchall()
            found.update(dict.fromkeys(row[0] for row in rows))
            if len(found) >= most:
                break
        places: list[int] = self._positions[list(found)[:most]].tolist()
        return places

    def having(self, text: str) -> NDArray[np.int64]:
        """Return the positions of all tracks that have the words of a text in a row in a name."""
        words = _WORD.findall(text)[:_MOST_WORDS]
        if not words:
            return np.zeros(0, np.int64)
        phrase = " + ".join(f'"{word}"' for word in words)
        with self._lock:
            rows = self._connection.execute(
                "SELECT rowid FROM names WHERE names MATCH ?", [phrase]
            ).fetchall()
        places = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        found: NDArray[np.int64] = self._positions[places].astype(np.int64)
        return found

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()
