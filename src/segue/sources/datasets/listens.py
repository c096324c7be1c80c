"""Who played what, and who is friends with whom: tables of millions of rows, column by column.

Conventions
-----------
- Ids are text (``007`` stays ``007``), in normal form C without white space around them.
- `timestamp` becomes float seconds since 1970, UTC, out of seconds, milliseconds, micro- and
  nanoseconds (told apart by their size) or ISO 8601 text; text without a zone is UTC.
- `position`, `plays`, `ms_played` and `rating` become float64, `skipped` nullable boolean, `split`
  text; missing is missing in each.
- A row without a user or track, and one whose `plays`, `ms_played`, `rating` or `split` cannot be
  used, is left out: it would say something false. A bad `timestamp`, `position` or `skipped`
  becomes unknown and the row stays: the listen itself took place. Both are problems.
- Rows keep the order of the file. Repeated rows are kept: somebody listened twice.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segue.errors import DatasetError
from segue.sources.datasets.tracks import read_split
from segue.sources.tables.table import MOST_PROBLEMS, Table, read_table, row_problems
from segue.text import clean_id
from segue.types import LISTEN_COLUMNS, Problem

Mask = NDArray[np.bool_]
# (values, mask of rows that hold something which cannot be used)
Coerced = tuple["pd.Series[float] | pd.Series[bool] | pd.Series[str]", Mask]

# 1e11 seconds is the year 5138, 1e11 milliseconds March 1973: nobody's listens lie beyond.
_MILLISECONDS, _MICROSECONDS, _NANOSECONDS = 1e11, 1e14, 1e17
_DECIMAL = r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_TRUE = frozenset({"true", "1", "1.0", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "0.0", "no", "n", "f"})


@dataclass(slots=True)
class _Reading:
    """A table on its way: rows fall out of it, each with its reason."""

    table: Table
    frame: pd.DataFrame = field(init=False)
    rows: NDArray[np.int64] = field(init=False)
    problems: list[Problem] = field(init=False)

    def __post_init__(self) -> None:
        self.frame, self.rows = self.table.frame, self.table.rows
        self.problems = list(self.table.problems)

    def complain(self, bad: Mask, reason: str, subject: str | None = None) -> None:
        if bad.any():
            subjects = None if subject is None else self.frame[subject][bad].head(MOST_PROBLEMS)
            self.problems += row_problems(
                self.table.name,
                self.rows[bad],
                reason,
                None if subjects is None else subjects.to_list(),
            )

    def drop(self, bad: Mask) -> None:
        if bad.any():
            self.frame = self.frame.loc[~bad].reset_index(drop=True)
            self.rows = self.rows[~bad]


def no_listens() -> pd.DataFrame:
    """Give the table of listens of a dataset that has none."""
    return pd.DataFrame({"user_id": pd.Series(dtype="str"), "track_id": pd.Series(dtype="str")})


def read_listens(
    path: Path, known_tracks: Collection[str] | None = None
) -> tuple[pd.DataFrame, list[Problem]]:
    """Read listens.csv or listens.parquet.

    Parameters
    ----------
    path : Path
    known_tracks : collection of str, optional
        Listens to other tracks are left out, with one problem a track. None: all tracks count.

    Returns
    -------
    DataFrame
        `user_id`, `track_id`, and those of `LISTEN_COLUMNS` that the file has, in that order.
    list of Problem

    Raises
    ------
    DatasetError
        The file cannot be read, or has no column `user_id` or `track_id`.
    """
    reading = _open(path, ("user_id", "track_id"))
    if known_tracks is not None:
        _drop_unknown_tracks(reading, known_tracks)
    for name, (coerce, rule, drops) in _COLUMNS.items():
        if name in reading.frame.columns:
            values, bad = coerce(reading.frame[name])
            left_out = "the row is left out" if drops else "it counts as unknown"
            reading.complain(bad, f"{name} is not {rule}: {left_out}", "track_id")
            reading.frame = reading.frame.assign(**{name: values})
            if drops:
                reading.drop(bad)
    columns = [name for name in LISTEN_COLUMNS if name in reading.frame.columns]
    return reading.frame[columns], reading.problems


def read_friends(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read friends.csv or friends.parquet: `user_id`, `friend_id`, both text.

    Raises
    ------
    DatasetError
        The file cannot be read, or has no column `user_id` or `friend_id`.
    """
    reading = _open(path, ("user_id", "friend_id"))
    same = (reading.frame["user_id"] == reading.frame["friend_id"]).to_numpy(dtype=np.bool_)
    reading.complain(same, "nobody is a friend of their own: the row is left out", "user_id")
    reading.drop(same)
    return reading.frame[["user_id", "friend_id"]], reading.problems


def _open(path: Path, ids: tuple[str, str]) -> _Reading:
    """Read a table and clean its two columns of ids."""
    reading = _Reading(read_table(path))
    missing = [name for name in ids if name not in reading.frame.columns]
    if missing:
        raise DatasetError(
            f"{path.name} has no column {' and no column '.join(missing)}: name the columns "
            f"{', '.join(ids)} in its first row."
        )
    for name in ids:
        reading.frame = reading.frame.assign(**{name: _ids(reading.frame[name])})
    for name in ids:
        empty = (reading.frame[name] == "").to_numpy(dtype=np.bool_)
        reading.complain(empty, f"{name} is empty: the row is left out")
        reading.drop(empty)
    return reading


def _ids(column: "pd.Series[str]") -> "pd.Series[str]":
    """Give ids as clean text, empty where missing; each different one is cleaned once."""
    codes, different = pd.factorize(column)
    cleaned = [clean_id(id_text(value)) for value in different]
    texts = np.array([*cleaned, ""], dtype=object)[codes]  # code -1, missing, is the last
    return pd.Series(texts, index=column.index, dtype="str")


def id_text(value: object) -> str:
    """Give one id as text; whole numbers that a table holds as floats lose their ``.0``."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _drop_unknown_tracks(reading: _Reading, known_tracks: Collection[str]) -> None:
    unknown = ~reading.frame["track_id"].isin(list(known_tracks)).to_numpy(dtype=np.bool_)
    counts = reading.frame["track_id"][unknown].value_counts(sort=False)
    for track_id, count in list(counts.items())[:MOST_PROBLEMS]:
        reason = f"unknown track: {count} listens are left out; add it to metadata.csv"
        reading.problems.append(
            Problem(source=reading.table.name, reason=reason, subject=str(track_id))
        )
    if len(counts) > MOST_PROBLEMS:
        reason = (
            f"{len(counts) - MOST_PROBLEMS} more unknown tracks: "
            f"{counts.iloc[MOST_PROBLEMS:].sum()} listens are left out"
        )
        reading.problems.append(Problem(source=reading.table.name, reason=reason))
    reading.drop(unknown)


def _present(column: "pd.Series[str]") -> Mask:
    """Say which cells hold something: not missing, not blank."""
    present = column.notna().to_numpy(dtype=np.bool_)
    if not pd.api.types.is_numeric_dtype(column):
        blank = column.astype("str").str.strip() == ""
        present = present & ~blank.to_numpy(dtype=np.bool_, na_value=False)
    return present


def _numbers(column: "pd.Series[str]") -> NDArray[np.float64]:
    """Give what is written as a decimal number, NaN for all else."""
    if pd.api.types.is_numeric_dtype(column):
        numeric = column.astype("Float64")
        return np.asarray(numeric.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    text = column.astype("str").str.strip()
    written = text.str.fullmatch(_DECIMAL).to_numpy(dtype=np.bool_, na_value=False)
    numbers = np.full(len(column), np.nan)
    # By way of Arrow, which reads text in place: millions of rows at once.
    numbers[written] = text[written].astype("Float64").to_numpy(dtype=np.float64)
    return numbers


def _number(column: "pd.Series[str]", lowest: float) -> Coerced:
    values = _numbers(column)
    with np.errstate(invalid="ignore"):
        good = np.isfinite(values) & (values >= lowest)
    return pd.Series(np.where(good, values, np.nan)), _present(column) & ~good


def _count(column: "pd.Series[str]") -> Coerced:
    return _number(column, 0.0)


def _rating(column: "pd.Series[str]") -> Coerced:
    return _number(column, -np.inf)


def _timestamp(column: "pd.Series[str]") -> Coerced:
    if pd.api.types.is_datetime64_any_dtype(column):
        return pd.Series(_seconds(pd.to_datetime(column, utc=True))), np.zeros(
            len(column), np.bool_
        )
    numbers = _numbers(column)
    values = numbers.copy()
    for limit, unit in ((_MILLISECONDS, 1e3), (_MICROSECONDS, 1e6), (_NANOSECONDS, 1e9)):
        values[numbers >= limit] = numbers[numbers >= limit] / unit
    present = _present(column)
    text = present & np.isnan(numbers)
    if text.any():
        dates = column[text].astype("str").str.strip().str.removesuffix(" UTC")
        values[text] = _seconds(pd.to_datetime(dates, utc=True, format="ISO8601", errors="coerce"))
    good = np.isfinite(values) & (values >= 0)
    return pd.Series(np.where(good, values, np.nan)), present & ~good


def _seconds(moments: "pd.Series[pd.Timestamp]") -> NDArray[np.float64]:
    since = moments - pd.Timestamp(0, tz="UTC")
    return np.asarray(since.dt.total_seconds(), dtype=np.float64)


def _skipped(column: "pd.Series[str]") -> Coerced:
    words = column.astype("str").str.strip().str.casefold()
    true = words.isin(_TRUE).to_numpy(dtype=np.bool_)
    false = words.isin(_FALSE).to_numpy(dtype=np.bool_)
    values = pd.Series(true, dtype="boolean").mask(~(true | false))
    return values, _present(column) & ~(true | false)


def _split(column: "pd.Series[str]") -> Coerced:
    codes, different = pd.factorize(column)
    names = [read_split(str(value))[0] for value in different]
    values = pd.Series(np.array([*names, None], dtype=object)[codes], dtype="str")
    return values, _present(column) & values.isna().to_numpy(dtype=np.bool_)


# column: (how it is read, what it must be, whether a bad value takes the row with it)
_COLUMNS: dict[str, tuple[Callable[["pd.Series[str]"], Coerced], str, bool]] = {
    "timestamp": (_timestamp, "seconds since 1970 or an ISO 8601 date", False),
    "position": (_count, "a number from 0", False),
    "plays": (_count, "a number from 0", True),
    "ms_played": (_count, "a number from 0", True),
    "rating": (_rating, "a number", True),
    "skipped": (_skipped, "true or false", False),
    "split": (_split, "train, valid or test", True),
}
