"""Read metadata.csv or metadata.parquet, and find the files in audio/ and features/ of its tracks.

Conventions
-----------
- `path` and `features` are relative to the dataset (absolute ones are possible). If the file is not
  found, audio/ or features/ is tried; if the cell is empty, audio/ID.* and features/ID.npy are.
- A track without `track_id` takes its `path`, else its `features`, as its id.
- Of rows with the same id the first is used. A named file that is missing is a problem; the track
  is kept.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from segue.errors import DatasetError
from segue.sources.datasets.containers import playable_suffixes
from segue.sources.datasets.ignored import IgnoreRules
from segue.sources.datasets.tracks import FRAMES_SUFFIXES, build_track
from segue.sources.datasets.walk import relative_id, walk
from segue.sources.tables.columns import TRACK_ALIASES
from segue.sources.tables.table import MAX_PROBLEMS, Table, read_table
from segue.sources.tables.values import id_text
from segue.text import clean_id
from segue.types import Problem, Track


@dataclass(slots=True)
class _ColumnFiles:
    """The files of one column, found by name, or by id in audio/ or features/ without a name."""

    directory: Path
    column: str
    folder: str
    suffixes: frozenset[str]
    by_id: dict[str, Path] = field(default_factory=dict)
    unused: dict[Path, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        folder = self.directory / self.folder
        if folder.is_dir():
            for path in walk(folder, self.suffixes).files:
                name = relative_id(path, folder)
                self.by_id.setdefault(name, path)
                self.by_id.setdefault(name.removesuffix(path.suffix), path)
                self.unused[path] = f"{self.folder}/{name}"

    def find(self, name: str, track_id: str) -> tuple[Path | None, str | None]:
        """Return the file that a cell or an id names, or the reason why there is none."""
        if not name:
            path = self.by_id.get(track_id)
            self.unused.pop(path or self.directory, None)
            return path, None
        if Path(name).suffix.lower() not in self.suffixes:
            kinds = ", ".join(sorted(self.suffixes))
            return None, f"{self.column} {name!r} is not a kind of file that segue reads ({kinds})"
        for spelling in dict.fromkeys((name, name.replace("\\", "/"))):
            for base in (self.directory, self.directory / self.folder):
                path = Path(os.path.normpath(base / spelling))
                if path.is_file():
                    self.unused.pop(path, None)
                    return path, None
        return None, f"{self.column} {name!r} is missing: put the file back or correct its name"

    def unnamed_files(self) -> list[Problem]:
        reason = "the file is in no row of the metadata: add a row for it"
        names = list(self.unused.values())
        problems = [Problem(source=name, reason=reason) for name in names[:MAX_PROBLEMS]]
        if len(names) > MAX_PROBLEMS:
            more = f"{len(names) - MAX_PROBLEMS} more files are in no row of the metadata"
            problems.append(Problem(source=self.folder, reason=more))
        return problems


def read_metadata(
    path: Path, files: Sequence[Path], rules: IgnoreRules
) -> tuple[list[Track], dict[str, int], list[Problem], dict[str, str]]:
    """Read the tracks of a metadata table, without those whose files `walk` would leave out.

    Parameters
    ----------
    path : Path
    files : sequence of Path
        The audio files below its directory: those that no row names are problems.
    rules : IgnoreRules

    Returns
    -------
    list of Track
        In the order of the file.
    dict of str to int
        The row of each track id.
    list of Problem
    dict of str to str
        The reason for which tracks are left out, by their ids.

    Raises
    ------
    DatasetError
        The file cannot be read, or has none of `track_id`, `path` and `features`.
    """
    table = read_table(path, TRACK_ALIASES)
    problems = list(table.problems)
    columns = _texts(table)
    if not {"track_id", "path", "features"} & set(columns):
        raise DatasetError(
            f"{path.name} has none of the columns track_id, path and features (it has "
            f"{', '.join(columns)}): name the tracks in a column track_id."
        )
    audio = _ColumnFiles(path.parent, "path", "audio", playable_suffixes())
    audio.unused = {file: relative_id(file, path.parent) for file in files}
    frames = _ColumnFiles(path.parent, "features", "features", FRAMES_SUFFIXES)
    known = {name: columns.pop(name) for name in TRACK_ALIASES if name in columns}
    tracks: list[Track] = []
    row_of: dict[str, int] = {}
    left_out: dict[str, str] = {}
    for i, row in enumerate(map(int, table.rows)):
        raw = {name: cells[i] for name, cells in known.items() if cells[i]}
        extra = {name: cells[i] for name, cells in columns.items() if cells[i]}
        track_id = _track_id(raw)
        if not track_id:
            reason = "the row has neither track_id, path nor features: give it an id"
            problems.append(Problem(source=path.name, reason=reason, row=row))
        elif track_id in row_of:
            reason = f"row {row_of[track_id]} has the same id: the first is used"
            problems.append(Problem(source=path.name, reason=reason, row=row, subject=track_id))
        else:
            row_of[track_id] = row
            track, reasons = _read_row(track_id, raw, extra, audio, frames)
            by = [rules.reason(file) for file in (track.path, track.features) if file is not None]
            if any(by):
                left_out[track_id] = next(filter(None, by))
                continue
            tracks.append(track)
            problems += [
                Problem(source=path.name, reason=reason, row=row, subject=track_id)
                for reason in reasons
            ]
    return tracks, row_of, problems + audio.unnamed_files() + frames.unnamed_files(), left_out


def has_content(track: Track) -> bool:
    """Return whether a track has anything but an id."""
    return any(
        value is not None and not (isinstance(value, tuple | dict) and len(value) == 0)
        for name in Track.__dataclass_fields__
        if name not in {"track_id", "split", "missing", "left_out", "tag_reader"}
        for value in (getattr(track, name),)
    )


def _read_row(
    track_id: str,
    raw: Mapping[str, str],
    extra: Mapping[str, str],
    audio: _ColumnFiles,
    frames: _ColumnFiles,
) -> tuple[Track, list[str]]:
    path, no_audio = audio.find(clean_id(raw.get("path", "")), track_id)
    features, no_frames = frames.find(clean_id(raw.get("features", "")), track_id)
    track, reasons = build_track(track_id, raw, path=path, features=features, extra=extra)
    return track, [reason for reason in (no_audio, no_frames) if reason is not None] + reasons


def _track_id(raw: Mapping[str, str]) -> str:
    names = (clean_id(raw.get(name, "")) for name in ("track_id", "path", "features"))
    return next(filter(None, names), "")


def _texts(table: Table) -> dict[str, list[str]]:
    """Return every column as text, empty where missing; lists of parquet are joined by ``|``."""
    columns = {}
    for name, cells in table.frame.items():
        missing = cells.isna().to_list()
        values = zip(cells.to_list(), missing, strict=True)
        columns[str(name)] = ["" if nothing else _text(value) for value, nothing in values]
    return columns


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if hasattr(value, "__iter__"):
        return "|".join("" if part is None else id_text(part) for part in value)
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    return id_text(value)
