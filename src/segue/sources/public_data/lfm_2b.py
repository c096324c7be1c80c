"""Read LFM-2b: listening events of Last.fm users, and the names of their tracks.

Conventions
-----------
- The directory has `listening-events.tsv` (of the subsets `listening_events.tsv`), or
  `listening-counts.tsv` alone; and, if present, `tracks.tsv` and `albums.tsv`. All may be packed
  (``.bz2``) as published. Counts are those of the events, and are not read where events are.
- A track has the album of its first listen. Tracks without listens, users (country, age, gender),
  tags and Spotify URIs are not read.

Sources: Schedl et al., "LFM-2b: A Dataset of Enriched Music Listening Events for Recommender
Systems Research and Fairness Analysis", CHIIR 2022 (www.cp.jku.at/datasets/LFM-2b, where the data
is no longer offered). Files and columns are those that published programs read from it.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.sources.public_data.listen_spool import IdNumbers, ListenSpool
from segue.sources.public_data.listen_tables import AddedRows, add_listens
from segue.sources.public_data.public_dataset import PublicDataset
from segue.sources.tables.batches import (
    TableLayout,
    first_cells,
    n_megabytes,
    read_batches,
    table_file,
)
from segue.sources.tables.column_values import parse_ids
from segue.sources.tables.problem_collector import ProblemCollector
from segue.sources.tables.table import Table
from segue.text import known_text
from segue.types import Advance, Progress, Track, no_progress

KIND: Final = "lfm-2b"
_EVENT_FILES = ("listening-events.tsv", "listening_events.tsv")
_COUNT_FILES = ("listening-counts.tsv", "listening_counts.tsv")
_LISTENER = {"user_id": ("user_id",), "track_id": ("track_id",)}
_EVENTS = TableLayout(
    names=("user_id", "track_id", "album_id", "timestamp"),
    aliases={**_LISTENER, "album_id": ("album_id",), "timestamp": ("timestamp",)},
    required=("user_id", "track_id", "timestamp"),
)
_COUNTS = TableLayout(
    names=("user_id", "track_id", "count"),
    aliases={**_LISTENER, "plays": ("count", "play_count")},
    required=("user_id", "track_id", "plays"),
)
_TRACKS = TableLayout(
    names=("track_id", "artist_name", "track_name"),
    aliases={"track_id": ("track_id",), "artist": ("artist_name",), "title": ("track_name",)},
    required=("track_id", "title"),
)
_ALBUMS = TableLayout(
    names=("album_id", "album_name", "artist_name"),
    aliases={"album_id": ("album_id",), "album": ("album_name",)},
    required=("album_id", "album"),
)


def is_lfm_2b(directory: Path) -> bool:
    """Return whether a directory has listening events or counts of LFM-2b."""
    path = table_file(directory, *_EVENT_FILES, *_COUNT_FILES)
    if path is None:
        return False
    cells = first_cells(path)
    is_headless = len(cells) > 2 and all(cell.isdecimal() for cell in cells[:3])
    return is_headless or {"user_id", "track_id"} <= set(cells)


def read_lfm_2b(directory: Path, progress: Progress = no_progress) -> PublicDataset:
    """Read the listens of a directory, and the tracks that have some.

    Raises
    ------
    DatasetError
        A file cannot be read, or lacks a column.
    """
    events = table_file(directory, *_EVENT_FILES)
    listened = events or table_file(directory, *_COUNT_FILES)
    tracks, albums = (table_file(directory, f"{name}.tsv") for name in ("tracks", "albums"))
    reading = _LfmTables()
    total = n_megabytes(listened, tracks, albums)
    with progress("Reading the dataset LFM-2b", total) as advance:
        if listened is not None:
            reading.read_listens(listened, _COUNTS if events is None else _EVENTS, advance)
        if tracks is not None:
            reading.read_tracks(tracks, advance)
        if albums is not None:
            reading.read_albums(albums, advance)
    return PublicDataset(reading.tracks(), reading.listens.finish(), reading.found.problems())


class _LfmTables:
    """The tables read so far; lists of names are by the number of their track or album."""

    def __init__(self) -> None:
        self.listens = ListenSpool()
        self.found = ProblemCollector()
        self._albums = IdNumbers()
        self._first_albums = np.empty(0, np.int32)
        self._names: dict[int, tuple[str | None, str | None]] = {}
        self._album_names: dict[int, str | None] = {}

    def read_listens(self, path: Path, layout: TableLayout, advance: Advance) -> None:
        for table in read_batches(path, layout, self.found, advance):
            added = add_listens(table, self.listens, self.found)
            if "album_id" in table.frame.columns:
                self._note_albums(table, added)

    def _note_albums(self, table: Table, added: AddedRows) -> None:
        texts = parse_ids(table.frame["album_id"][added.kept])
        albums = self._albums.number(texts)
        albums[(texts == "").to_numpy(np.bool_)] = -1
        more = np.full(len(self.listens.tracks) - len(self._first_albums), -1, np.int32)
        first = self._first_albums = np.concatenate([self._first_albums, more])
        new = (first[added.tracks] < 0) & (albums >= 0)
        # of several new rows of a track the first one counts: it is written last
        first[added.tracks[new][::-1]] = albums[new][::-1]

    def read_tracks(self, path: Path, advance: Advance) -> None:
        for table in read_batches(path, _TRACKS, self.found, advance):
            frame, numbers = table.frame, self._known(table, "track_id", self.listens.tracks)
            titles = list(frame["title"])
            artists = list(frame["artist"]) if "artist" in frame.columns else [None] * len(frame)
            for place in np.flatnonzero(numbers >= 0).tolist():
                names = (_name(titles[place]), _name(artists[place]))
                self._names.setdefault(int(numbers[place]), names)

    def read_albums(self, path: Path, advance: Advance) -> None:
        for table in read_batches(path, _ALBUMS, self.found, advance):
            numbers = self._known(table, "album_id", self._albums)
            for place in np.flatnonzero(numbers >= 0).tolist():
                name = _name(table.frame["album"].iat[place])
                self._album_names.setdefault(int(numbers[place]), name)

    def _known(self, table: Table, column: str, ids: IdNumbers) -> NDArray[np.int32]:
        """Return the numbers of the ids of a column, -1 for those without listens."""
        texts = parse_ids(table.frame[column])
        empty = (texts == "").to_numpy(np.bool_)
        reason = f"{column} is empty: the row is left out"
        self.found.add_rows(table.name, reason, table.rows[empty].tolist())
        numbers = ids.known(texts)
        numbers[empty] = -1
        return numbers

    def tracks(self) -> list[Track]:
        """Return the tracks with listens."""
        albums = self._albums.texts()
        found = []
        for number, track_id in enumerate(self.listens.tracks.texts()):
            title, artist = self._names.get(number, (None, None))
            album = int(self._first_albums[number]) if len(self._first_albums) else -1
            track = Track(
                track_id=track_id,
                title=title,
                artist=artist,
                album=self._album_names.get(album),
                metadata={"album_id": albums[album]} if album >= 0 else {},
            )
            found.append(track)
        return found


def _name(cell: object) -> str | None:
    return known_text(cell) if isinstance(cell, str) else None
