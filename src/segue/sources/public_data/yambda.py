"""Read Yambda: events of Yandex Music in parquet, flat or sequential, of any of its sizes.

Conventions
-----------
- The directory is that of one size, such as ``flat/50m``: `listens.parquet` and, if present,
  `likes`, `dislikes`, `unlikes` and `undislikes`; or `multi_event.parquet` alone, which has all of
  them. `artist_item_mapping.parquet` and `album_item_mapping.parquet` are read from it or from two
  directories above, where the published dataset has them.
- `timestamp` are seconds since the start of the dataset, rounded to 5: not since 1970.
- A listen lasted `played_ratio_pct` of `track_length_seconds`. `is_organic` of 0 means that the
  service recommended the track: `recommended`.
- A like is a rating of 1, a dislike -1; one that was taken back is a row of 0 plays.

Source: the dataset card, huggingface.co/datasets/yandex/yambda (revision b443c4d), and Ploshkin et
al., "Yambda-5B: A Large-Scale Multi-modal Dataset for Ranking And Retrieval", arXiv 2505.22238.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from segue.errors import DatasetError
from segue.ratings import DISLIKED, LIKED
from segue.sources.public_data.listen_spool import ListenSpool
from segue.sources.public_data.public_dataset import PublicDataset
from segue.sources.tables.problem_collector import ProblemCollector
from segue.text import clean_text
from segue.types import Progress, Track, no_progress

KIND: Final = "yambda"
_ALL_EVENTS = "multi_event"
EVENT_FILES: Final = {
    "listens": "listen",
    "likes": "like",
    "dislikes": "dislike",
    "unlikes": "unlike",
    "undislikes": "undislike",
}
"""The kind of event of each file, by its name without the suffix."""
_EVENTS = tuple(EVENT_FILES.values())
_RATINGS = {"like": LIKED, "dislike": DISLIKED}
_COLUMNS = ("uid", "item_id", "timestamp", "is_organic", "played_ratio_pct", "track_length_seconds")
_FLAT_ROWS, _SEQUENTIAL_ROWS = 1 << 18, 1 << 9
_LEFT_OUT, _UNKNOWN = "the row is left out", "it counts as unknown"


def is_yambda(directory: Path) -> bool:
    """Return whether a directory has the events of Yambda."""
    path = _main_file(directory)
    if path is None:
        return False
    try:
        names = set(pq.read_schema(path).names)
    except (OSError, pa.ArrowException):
        return False
    return {"uid", "item_id", "timestamp", "is_organic"} <= names


def read_yambda(directory: Path, progress: Progress = no_progress) -> PublicDataset:
    """Read the events of a directory as listens and opinions.

    Raises
    ------
    DatasetError
        A file cannot be read, or lacks a column.
    """
    paths = event_files(directory)
    reading = _YambdaEvents()
    with progress("Reading the dataset Yambda", sum(map(_n_rows, paths))) as advance:
        for path in paths:
            for n_rows in reading.read(path, paths[path]):
                advance(n_rows)
    tracks = reading.tracks(directory)
    return PublicDataset(tracks, reading.listens.finish(), reading.found.problems())


def event_files(path: Path) -> dict[Path, str | None]:
    """Return the kind of event of each file of a directory; None for a file of all kinds.

    `path` may be a file, too: of listens, unless its name is that of another kind.
    """
    if path.is_file():
        return {path: None if path.stem == _ALL_EVENTS else EVENT_FILES.get(path.stem, "listen")}
    main = _main_file(path)
    if main is not None and main.stem == _ALL_EVENTS:
        return {main: None}
    listed = {path / f"{stem}.parquet": kind for stem, kind in EVENT_FILES.items()}
    return {one: kind for one, kind in listed.items() if one.is_file()}


def _main_file(directory: Path) -> Path | None:
    names = ("listens.parquet", f"{_ALL_EVENTS}.parquet")
    return next((directory / name for name in names if (directory / name).is_file()), None)


def _n_rows(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException):
        return 0  # reading it says why


class _YambdaEvents:
    """The events read so far, and the durations of their tracks."""

    def __init__(self) -> None:
        self.listens = ListenSpool()
        self.found = ProblemCollector()
        self._seconds = np.empty(0)

    def read(self, path: Path, event: str | None) -> Iterator[int]:
        """Read a file of one kind of event, or of any (None); yield the rows of each batch."""
        row = 2  # of the first, as tables number their rows
        try:
            with pq.ParquetFile(path) as file:
                names = set(file.schema_arrow.names)
                missing = {"uid", "item_id", "timestamp"} - names
                missing |= {"event_type"} - names if event is None else set()
                if missing:
                    raise DatasetError(
                        f"{path.name} has no column {', '.join(sorted(missing))}: download the file"
                        " of Yambda again."
                    )
                nested = pa.types.is_nested(file.schema_arrow.field("item_id").type)
                wanted = [name for name in (*_COLUMNS, "event_type") if name in names]
                size = _SEQUENTIAL_ROWS if nested else _FLAT_ROWS
                for batch in file.iter_batches(batch_size=size, columns=wanted):
                    rows = np.arange(row, row + batch.num_rows)
                    self._add(path.name, _Batch(batch, rows, nested=nested), event)
                    row += batch.num_rows
                    yield batch.num_rows
        except (OSError, pa.ArrowException) as error:
            raise DatasetError(
                f"{path.name} cannot be read ({clean_text(str(error))}): download it again."
            ) from error

    def _add(self, name: str, batch: "_Batch", event: str | None) -> None:
        users, items = batch.ids("uid"), batch.ids("item_id")
        kinds = np.full(len(users), event) if event else batch.texts("event_type")
        kept = np.ones(len(users), np.bool_)
        for bad, reason in (
            (users < 0, f"uid is empty: {_LEFT_OUT}"),
            (items < 0, f"item_id is empty: {_LEFT_OUT}"),
            (
                ~np.isin(kinds, _EVENTS),
                f"event_type is not one of {', '.join(_EVENTS)}: {_LEFT_OUT}",
            ),
        ):
            self.found.add_rows(name, reason, batch.rows[kept & bad].tolist())
            kept &= ~bad
        is_listen = kinds == "listen"
        share, seconds = batch.numbers("played_ratio_pct"), batch.numbers("track_length_seconds")
        with np.errstate(invalid="ignore"):
            bad = is_listen & ((share < 0) | (seconds < 0))
        reason = f"played_ratio_pct or track_length_seconds is negative: {_LEFT_OUT}"
        self.found.add_rows(name, reason, batch.rows[kept & bad].tolist())
        kept &= ~bad
        times, organic = batch.numbers("timestamp"), batch.numbers("is_organic")
        with np.errstate(invalid="ignore"):
            untimed, odd = times < 0, ~(np.isin(organic, (0, 1)) | np.isnan(organic))
        for bad, column in ((untimed, "timestamp is negative"), (odd, "is_organic is not 0 or 1")):
            self.found.add_rows(name, f"{column}: {_UNKNOWN}", batch.rows[kept & bad].tolist())
        recommended = np.where(np.isnan(organic) | odd, -1, organic == 0)
        rating = np.full(len(users), np.nan)
        for kind, value in _RATINGS.items():
            rating[kinds == kind] = value
        taken_back = ~is_listen & np.isnan(rating)
        columns: dict[str, NDArray[Any]] = {
            "timestamp": np.where(untimed, np.nan, times),
            "recommended": recommended,
        }
        if is_listen.any():
            columns["ms_played"] = np.where(is_listen, share * seconds * 10, np.nan)
        if not is_listen.all():
            columns |= {"rating": rating, "plays": np.where(taken_back, 0.0, np.nan)}
        kept_columns = {column: values[kept] for column, values in columns.items()}
        tracks = self.listens.add(users[kept], items[kept], **kept_columns)
        self._note_durations(tracks, seconds[kept])

    def _note_durations(self, tracks: NDArray[np.int32], seconds: NDArray[np.float64]) -> None:
        more = np.full(len(self.listens.tracks) - len(self._seconds), np.nan)
        self._seconds = np.concatenate([self._seconds, more])
        known = seconds > 0
        self._seconds[tracks[known]] = seconds[known]

    def tracks(self, directory: Path) -> list[Track]:
        """Return the tracks of the events, with the ids of their artist and album."""
        artists, albums = (
            self._mapping(directory, f"{one}_item_mapping.parquet", f"{one}_id")
            for one in ("artist", "album")
        )
        seconds = [None if np.isnan(one) else one for one in self._seconds.tolist()]
        tracks = []
        for number, track_id in enumerate(self.listens.tracks.texts()):
            ids = {"artist_id": artists[number], "album_id": albums[number]}
            metadata = {name: str(value) for name, value in ids.items() if value >= 0}
            tracks.append(Track(track_id=track_id, duration=seconds[number], metadata=metadata))
        return tracks

    def _mapping(self, directory: Path, name: str, column: str) -> list[int]:
        """Return the first artist or album of each track, -1 where unknown."""
        first = np.full(len(self.listens.tracks), -1, np.int64)
        places = (directory, directory.parent.parent)
        path = next((place / name for place in places if (place / name).is_file()), None)
        if path is None:
            return [int(one) for one in first]
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(batch_size=_FLAT_ROWS, columns=["item_id", column]):
                    flat = _Batch(batch, np.arange(batch.num_rows), nested=False)
                    items, values = self.listens.tracks.known(flat.ids("item_id")), flat.ids(column)
                    new = (items >= 0) & (values >= 0)
                    new[new] = first[items[new]] < 0
                    # an item may have several: the first one counts
                    first[items[new][::-1]] = values[new][::-1]
        except (OSError, pa.ArrowException) as error:
            reason = f"it is not used, because it cannot be read: {clean_text(str(error))}"
            self.found.add(name, reason)
        return [int(one) for one in first]


class _Batch:
    """The columns of some rows; lists are spread to one row an element."""

    def __init__(self, batch: pa.RecordBatch, rows: NDArray[np.int64], *, nested: bool) -> None:
        self.rows = rows
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        if nested:
            lists = {name: one for name, one in columns.items() if pa.types.is_nested(one.type)}
            parents = pc.list_parent_indices(columns["item_id"])
            spread = {name: pc.list_flatten(one) for name, one in lists.items()}
            if len({len(one) for one in spread.values()}) > 1:
                raise pa.ArrowInvalid("the lists of a row differ in length")
            columns = {
                name: spread[name] if name in spread else one.take(parents)
                for name, one in columns.items()
            }
            self.rows = rows[parents.to_numpy()]
        self._columns = columns

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column as numbers, NaN where missing; all NaN without the column."""
        if name not in self._columns:
            return np.full(len(self.rows), np.nan)
        values = self._columns[name].cast(pa.float64()).to_numpy(zero_copy_only=False)
        return np.asarray(values, np.float64)

    def ids(self, name: str) -> NDArray[np.int64]:
        """Return a column of ids, -1 where missing."""
        filled = self._columns[name].cast(pa.int64()).fill_null(-1)
        return np.asarray(filled.to_numpy(zero_copy_only=False), np.int64)

    def texts(self, name: str) -> NDArray[np.str_]:
        """Return a column as text, empty where missing."""
        filled = self._columns[name].cast(pa.string()).fill_null("")
        return np.asarray(filled.to_numpy(zero_copy_only=False).astype(str))
