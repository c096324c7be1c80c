"""Read Music4All, and the listens of Music4All-Onion: tab-separated tables by the id of a track.

Conventions
-----------
- Music4All: `id_information.csv` (names), and, if present, `id_genres.csv`, `id_tags.csv` (both
  separated by commas), `id_metadata.csv` (year, tempo, duration), `listening_history.csv`; audio is
  ``audios/ID.mp3``.
- Music4All-Onion: `userid_trackid_timestamp.tsv` or `userid_trackid_count.tsv`, packed (``.bz2``)
  as published, in the same directory or alone.
- Listens are read from one table: Onion's with times, then `listening_history.csv`, then Onion's
  counts. Their listeners have other ids, so that the tables cannot be joined.
- Lyrics, languages, and the features of Music4All-Onion are not read.

Sources: readme.txt of Music4All; Santana et al., "Music4All: A New Music Database and Its
Applications", IWSSIP 2020; zenodo.org/records/15394646 and Moscati et al., "Music4All-Onion", CIKM
2022.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from segue.sources.datasets.tracks import build_track
from segue.sources.datasets.walk import walk
from segue.sources.public_data.listen_spool import ListenSpool
from segue.sources.public_data.listen_tables import add_listens
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
from segue.types import Advance, Progress, Track, no_progress

KIND: Final = "music4all"
_ID = {"track_id": ("id",)}
_LISTENER = {"user_id": ("user_id", "user"), "track_id": ("track_id", "song")}
_INFORMATION = TableLayout(
    names=("id", "artist", "song", "album_name"),
    aliases={**_ID, "artist": ("artist",), "title": ("song",), "album": ("album_name",)},
    required=("track_id", "title"),
)
_METADATA = TableLayout(
    names=(
        *("id", "spotify_id", "popularity", "release", "danceability", "energy", "key", "mode"),
        *("valence", "tempo", "duration_ms"),
    ),
    aliases={
        **_ID,
        "spotify_id": ("spotify_id",),
        "year": ("release",),
        "tempo": ("tempo",),
        "duration_ms": ("duration_ms",),
    },
    required=("track_id",),
)
_GENRES = TableLayout(
    names=("id", "genres"), aliases={**_ID, "genre": ("genres",)}, required=("track_id", "genre")
)
_TAGS = TableLayout(
    names=("id", "tags"), aliases={**_ID, "tags": ("tags",)}, required=("track_id", "tags")
)
_DETAILS = {"id_genres.csv": _GENRES, "id_tags.csv": _TAGS, "id_metadata.csv": _METADATA}
_TIMED = {**_LISTENER, "timestamp": ("timestamp",)}
_LISTENS = {
    "userid_trackid_timestamp.tsv": TableLayout(
        names=("user_id", "track_id", "timestamp"), aliases=_TIMED, required=tuple(_TIMED)
    ),
    "listening_history.csv": TableLayout(
        names=("user", "song", "timestamp"), aliases=_TIMED, required=tuple(_TIMED)
    ),
    "userid_trackid_count.tsv": TableLayout(
        names=("user_id", "track_id", "count"),
        aliases={**_LISTENER, "plays": ("count",)},
        required=("user_id", "track_id", "plays"),
    ),
}
_ONION = tuple(name for name in _LISTENS if name.startswith("userid"))


def is_music4all(directory: Path) -> bool:
    """Return whether a directory has the tables of Music4All or Music4All-Onion."""
    names = table_file(directory, "id_information.csv")
    if names is not None and {"id", "song"} <= set(first_cells(names)):
        return True
    return table_file(directory, *_ONION) is not None


def read_music4all(directory: Path, progress: Progress = no_progress) -> PublicDataset:
    """Read the tracks and listens of a directory.

    Raises
    ------
    DatasetError
        A table cannot be read, or lacks a column.
    """
    names = table_file(directory, "id_information.csv")
    details = {path: own for one, own in _DETAILS.items() if (path := table_file(directory, one))}
    listened = [
        (path, own) for one, own in _LISTENS.items() if (path := table_file(directory, one))
    ]
    reading = _Music4All()
    total = n_megabytes(names, *details, *(path for path, _ in listened[:1]))
    with progress("Reading the dataset Music4All", total) as advance:
        if names is not None:
            reading.read_names(names, advance)
            for path, layout in details.items():
                reading.read_details(path, layout, advance)
        for path, layout in listened[:1]:
            for table in read_batches(path, layout, reading.found, advance):
                add_listens(table, reading.listens, reading.found)
    tracks = reading.tracks(directory)
    return PublicDataset(tracks, reading.listens.finish(), reading.found.problems())


class _Music4All:
    """The tables read so far: cells by column of each track of `id_information.csv`."""

    def __init__(self) -> None:
        self.listens = ListenSpool()
        self.found = ProblemCollector()
        self._cells: dict[str, dict[str, str]] = {}
        self._rows: dict[str, int] = {}

    def read_names(self, path: Path, advance: Advance) -> None:
        for table in read_batches(path, _INFORMATION, self.found, advance):
            for row, track_id, cells in self._cells_of(table):
                if track_id in self._cells:
                    reason = "another row has the same id: the first is used"
                    self.found.add(table.name, reason, row, track_id)
                else:
                    self._cells[track_id], self._rows[track_id] = cells, row

    def read_details(self, path: Path, layout: TableLayout, advance: Advance) -> None:
        for table in read_batches(path, layout, self.found, advance):
            for row, track_id, cells in self._cells_of(table):
                known = self._cells.get(track_id)
                if known is None:
                    reason = "id_information.csv has no such id: the row is left out"
                    self.found.add(table.name, reason, row, track_id)
                else:
                    self._cells[track_id] = cells | known  # of two rows the first is used

    def _cells_of(self, table: Table) -> Iterator[tuple[int, str, dict[str, str]]]:
        """Yield the row, the id and the cells that are not empty."""
        ids = parse_ids(table.frame["track_id"])
        records = table.frame.drop(columns="track_id").to_dict("records")
        for row, track_id, record in zip(table.rows.tolist(), ids, records, strict=True):
            if track_id:
                cells = {str(name): cell for name, cell in record.items() if isinstance(cell, str)}
                yield row, track_id, cells
            else:
                self.found.add(table.name, "id is empty: the row is left out", row)

    def tracks(self, directory: Path) -> list[Track]:
        """Return the tracks with names or listens, with their audio."""
        audio = {path.stem: path for path in walk(directory, {".mp3"}).files}
        found = []
        for track_id, cells in self._cells.items():
            raw = {name: cell for name, cell in cells.items() if name not in _EXTRA}
            if "genre" in raw:
                raw["genre"] = raw["genre"].replace(",", "|")
            extra = {name: cells[name] for name in ("spotify_id",) if name in cells}
            raw |= _seconds(cells.get("duration_ms", ""))
            track, reasons = build_track(track_id, raw, path=audio.get(track_id), extra=extra)
            found.append(track)
            for reason in reasons:
                self.found.add("id_metadata.csv", reason, subject=track_id)
        others = (one for one in self.listens.tracks.texts() if one not in self._cells)
        found += [Track(track_id=one, path=audio.get(one)) for one in others]
        return found


_EXTRA = ("spotify_id", "duration_ms")


def _seconds(ms: str) -> dict[str, str]:
    """Return the duration in seconds; text that is no number is left to `build_track`."""
    try:
        return {"duration": str(float(ms) / 1e3)} if ms else {}
    except ValueError:
        return {"duration": ms}
