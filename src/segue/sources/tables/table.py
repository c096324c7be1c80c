"""Tables as people send them, CSV and parquet: their columns by the names that segue knows.

Conventions
-----------
- How CSV files are read: see `segue.sources.tables.csv_files`. The header is row 1, as spreadsheet
  programs count; row 2 of a parquet file is its first.
- Column names are lower case with ``_`` for spaces where segue knows them; common other names
  (`ALIASES`) are taken where the proper one is absent. Unknown columns keep their name.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segue.errors import DatasetError
from segue.sources.tables.csv_files import read_csv
from segue.text import clean_text
from segue.types import LISTEN_COLUMNS, Problem

TRACK_COLUMNS = (
    *("track_id", "path", "features", "title", "artist", "album", "year", "genre"),
    *("tempo", "duration", "tags", "lyrics", "split"),
)
ALIASES = {
    "track_id": ("trackid", "id"),
    "path": ("file", "filename", "file_name", "filepath", "file_path", "audio_path"),
    "features": ("features_path", "feature_path"),
    "title": ("track_name", "name", "song_title"),
    "artist": ("artist_name",),
    "album": ("album_name",),
    "year": ("release_year", "date", "release_date"),
    "genre": ("genres",),
    "tempo": ("bpm",),
    "duration": ("length",),
    "user_id": ("userid", "user", "listener"),
    "friend_id": ("friendid", "friend"),
    "timestamp": ("listened_at", "played_at", "time"),
    "plays": ("play_count", "playcount"),
}
_KNOWN = {*TRACK_COLUMNS, *LISTEN_COLUMNS, *ALIASES}.union(*ALIASES.values())
_SUFFIXES = (".csv", ".tsv", ".parquet")
# More problems of one kind than this are counted instead of listed: a wrong column in millions
# of rows must not fill the memory.
MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `rows[i]` is the row number of line `i` of `frame`."""

    name: str
    frame: pd.DataFrame
    rows: NDArray[np.int64]
    problems: list[Problem]


def find_table(directory: Path, stem: str) -> Path | None:
    """Give ``stem.csv``, ``stem.tsv`` or ``stem.parquet`` of a directory; the first of them."""
    paths = (directory / f"{stem}{suffix}" for suffix in _SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def read_table(path: Path) -> Table:
    """Read a CSV or parquet file.

    Raises
    ------
    DatasetError
        The file cannot be opened, holds no header, or is not what its name says.
    """
    problems: list[Problem] = []
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
            rows = np.arange(2, len(frame) + 2)
        else:
            frame, rows = read_csv(path, _n_known, problems)
    except (OSError, ValueError) as error:  # pyarrow's errors are among these
        raise DatasetError(
            f"{path.name} cannot be read ({clean_text(str(error))}): write it again as a plain "
            f"{path.suffix[1:].upper()} file."
        ) from error
    frame = frame.reset_index(drop=True)
    frame.columns = pd.Index(_column_names(list(map(str, frame.columns)), path.name, problems))
    frame = frame.loc[:, ~frame.columns.duplicated()]
    blank = _is_blank(frame)
    # Empty lines at the end of a file are how files end; elsewhere somebody meant something.
    last = 0 if blank.all() else int(np.flatnonzero(~blank)[-1]) + 1
    reason = "the row is blank: take it out or fill it in"
    problems += row_problems(path.name, rows[:last][blank[:last]], reason)
    return Table(path.name, frame.loc[~blank].reset_index(drop=True), rows[~blank], problems)


def row_problems(
    source: str,
    rows: NDArray[np.int64],
    reason: str,
    subjects: list[str] | None = None,
) -> list[Problem]:
    """Give one problem a row, the first `MOST_PROBLEMS` of them, and one that counts the rest."""
    listed = [
        Problem(
            source=source, reason=reason, row=int(row), subject=subjects[i] if subjects else None
        )
        for i, row in enumerate(rows[:MOST_PROBLEMS])
    ]
    if len(rows) > MOST_PROBLEMS:
        more = f"{len(rows) - MOST_PROBLEMS} more rows: {reason}"
        listed.append(Problem(source=source, reason=more))
    return listed


def _is_blank(frame: pd.DataFrame) -> NDArray[np.bool_]:
    blank = np.ones(len(frame), dtype=np.bool_)
    for name in frame.columns:  # most rows are ruled out by the first column
        undecided = np.flatnonzero(blank)
        column = frame[name].iloc[undecided]
        missing = column.isna().to_numpy(dtype=np.bool_)
        if not pd.api.types.is_numeric_dtype(column) and not missing.all():
            missing = missing | (column.astype("str").str.strip() == "").to_numpy(
                dtype=np.bool_, na_value=True
            )
        blank[undecided] = missing
        if not blank.any():
            break
    return blank


def _column_names(raw: list[str], source: str, problems: list[Problem]) -> list[str]:
    """Give every column its proper name; tell of names that stand twice."""
    names = [clean_text(name) for name in raw]
    plain = [_plain(name) for name in names]
    for i, name in enumerate(plain):
        if name in TRACK_COLUMNS or name in LISTEN_COLUMNS or name == "friend_id":
            names[i] = name
    for proper, others in ALIASES.items():
        found = [plain.index(other) for other in others if other in plain]
        if found and proper not in names:
            names[found[0]] = proper
    names = [name or f"column_{i + 1}" for i, name in enumerate(names)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        reason = f"the column {name!r} stands there more than once: the first is used"
        problems.append(Problem(source=source, reason=reason, row=1))
    return names


def _n_known(names: list[str]) -> int:
    return len(_KNOWN & set(map(_plain, names)))


def _plain(name: str) -> str:
    return clean_text(name).casefold().replace(" ", "_").replace("-", "_")
