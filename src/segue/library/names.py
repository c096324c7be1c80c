"""Full-text index of titles, artists and albums, which finds words and phrases.

A separate SQLite file next to the arrays of a snapshot; case and accents do not count. Tracks are
stored by their number of listeners, so that the first matches are the most likely ones and no
sorting is needed.
"""

import re
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from segue.errors import LibraryError
from segue.types import Track

_TABLE = (
    "CREATE VIRTUAL TABLE names USING fts5(title, artist, album, content='', columnsize=0,"
    " detail=full, tokenize='unicode61 remove_diacritics 2')"
)
_NO_FULL_TEXT_SEARCH = (
    "SQLite has no full-text search (FTS5) in this process: import segue before sqlite3 and"
    " TensorFlow, or use a Python whose SQLite has it."
)
_WORD = re.compile(r"\w+")
_MAX_WORDS = 12


class NameIndex:
    """The index of one catalogue; it can be read from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the index.

        Raises
        ------
        OSError
            If there is none.
        """
        if not path.is_file():
            raise FileNotFoundError(path)
        # kept open: the file may be replaced
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
        """Write the index of a catalogue, in which `listeners` ``[n_tracks]`` like each track.

        Raises
        ------
        LibraryError
            If SQLite has no full-text search.
        """
        order = np.argsort(-listeners, kind="stable").astype(np.int32)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        try:
            connection.execute(_TABLE)
        except sqlite3.OperationalError as error:
            connection.close()
            raise LibraryError(_NO_FULL_TEXT_SEARCH) from error
        connection.execute("CREATE TABLE places (positions BLOB)")
        connection.execute("INSERT INTO places VALUES (?)", [order.tobytes()])
        found = ((place, tracks[position]) for place, position in enumerate(order.tolist()))
        connection.executemany(
            "INSERT INTO names (rowid, title, artist, album) VALUES (?, ?, ?, ?)",
            ((place, one.title, _artists(one), one.album) for place, one in found),
        )
        connection.execute("INSERT INTO names (names) VALUES ('optimize')")
        connection.commit()
        connection.close()

    def having(self, text: str) -> NDArray[np.int64]:
        """Return the positions of all tracks with the words of a text, in this order, in a name."""
        words = _WORD.findall(text)[:_MAX_WORDS]
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
        """Close the file."""
        with self._lock:
            self._connection.close()


def _artists(track: Track) -> str | None:
    """Return the names of all artists of a track, so that each can be found."""
    named = [credit.name for credit in track.artists]
    return " ".join(dict.fromkeys(filter(None, [track.artist, *named]))) or None
