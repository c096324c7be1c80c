"""Read the listens and friends of a dataset: tables of millions of rows, column by column.

Conventions
-----------
- Ids are text (``007`` stays ``007``), in normal form C without white space around them.
- Columns have the names and their values the form that `segue import` reads, too: see
  `segue.sources.tables`.
- `timestamp` becomes float seconds since 1970, UTC; `position`, `plays`, `ms_played` and `rating`
  become float64, `skipped` nullable boolean, `session_id` and `split` text; missing is missing in
  each.
- A row without a user or track, and one whose `plays`, `ms_played`, `rating`, `loved` or `split`
  cannot be parsed, is left out, because it would be counted wrongly. A bad `timestamp`, `position`
  or `skipped` becomes unknown and the listen is kept. Both are problems.
- `loved` is the highest rating where there is none: see
  `segue.sources.history_import.column_mapping`. So is a row of 0 plays without an opinion: it has
  no time.
- Rows keep the order of the file. Repeated rows are kept: each is a listen.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segue.errors import DatasetError
from segue.ratings import LIKED, rating_scale
from segue.sources.tables.column_values import (
    Mask,
    Parsed,
    is_present,
    parse_counts,
    parse_ids,
    parse_ratings,
    parse_session_ids,
    parse_splits,
    parse_times,
    parse_truths,
)
from segue.sources.tables.columns import FRIEND_ALIASES, LISTEN_ALIASES, Aliases
from segue.sources.tables.table import MAX_PROBLEMS, Table, read_table, row_problems
from segue.sources.tables.values import RULES
from segue.text import plural
from segue.types import LISTEN_COLUMNS, Problem

# in a dataset `id` means the track; in an export it numbers the rows
_DATASET_ALIASES: Aliases = {
    **LISTEN_ALIASES,
    "track_id": (*LISTEN_ALIASES["track_id"], "id"),
}
# column: (its parser, whether a bad value leaves the row out)
_PARSERS: dict[str, tuple[Callable[["pd.Series[str]"], Parsed], bool]] = {
    "timestamp": (parse_times, False),
    "position": (parse_counts, False),
    "session_id": (parse_session_ids, False),
    "plays": (parse_counts, True),
    "ms_played": (parse_counts, True),
    "rating": (parse_ratings, True),
    "skipped": (parse_truths, False),
    "completed": (parse_truths, False),
    "recommended": (parse_truths, False),
    "private": (parse_truths, False),
    "split": (parse_splits, True),
    "loved": (parse_truths, True),
}
_HAS_TIME = "has a time, even one that cannot be parsed"


@dataclass(slots=True)
class _Rows:
    """The rows of a table that are still used; each that is left out has a problem."""

    table: Table
    frame: pd.DataFrame = field(init=False)
    rows: NDArray[np.int64] = field(init=False)
    problems: list[Problem] = field(init=False)

    def __post_init__(self) -> None:
        self.frame, self.rows = self.table.frame, self.table.rows
        self.problems = list(self.table.problems)

    def report(self, bad: Mask, reason: str, subject: str | None = None) -> None:
        if bad.any():
            subjects = None if subject is None else self.frame[subject][bad].head(MAX_PROBLEMS)
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
    """Return the table of listens of a dataset that has none."""
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
        `user_id`, `track_id`, and those of `segue.types.LISTEN_COLUMNS` that the file has, in that
        order.
    list of Problem

    Raises
    ------
    DatasetError
        The file cannot be read, or has no column `user_id` or `track_id`.
    """
    rows = _open(path, _DATASET_ALIASES, ("user_id", "track_id"))
    if known_tracks is not None:
        _drop_unknown_tracks(rows, known_tracks)
    if "loved" in rows.frame.columns and "timestamp" in rows.frame.columns:
        rows.frame = rows.frame.assign(**{_HAS_TIME: is_present(rows.frame["timestamp"])})
    for name, (parse, leaves_out) in _PARSERS.items():
        if name in rows.frame.columns:
            values, bad = parse(rows.frame[name])
            effect = "the row is left out" if leaves_out else "it counts as unknown"
            rows.report(bad, f"{name} is not {RULES[name]}: {effect}", "track_id")
            rows.frame = rows.frame.assign(**{name: values})
            if leaves_out:
                rows.drop(bad)
    frame = _with_ratings_as_opinions(rows.frame)
    frame = _without_times_of_no_plays(frame)
    frame = _with_opinions(frame) if "loved" in frame.columns else frame
    columns = [name for name in LISTEN_COLUMNS if name in frame.columns]
    return frame[columns], rows.problems


def read_friends(path: Path) -> tuple[pd.DataFrame, list[Problem]]:
    """Read friends.csv or friends.parquet: `user_id`, `friend_id`, both text.

    Raises
    ------
    DatasetError
        The file cannot be read, or has no column `user_id` or `friend_id`.
    """
    rows = _open(path, FRIEND_ALIASES, ("user_id", "friend_id"))
    same = (rows.frame["user_id"] == rows.frame["friend_id"]).to_numpy(dtype=np.bool_)
    rows.report(same, "user_id and friend_id are the same: the row is left out", "user_id")
    rows.drop(same)
    return rows.frame[["user_id", "friend_id"]], rows.problems


def _open(path: Path, aliases: Aliases, ids: tuple[str, str]) -> _Rows:
    """Read a table and clean its two columns of ids."""
    rows = _Rows(read_table(path, aliases))
    missing = [name for name in ids if name not in rows.frame.columns]
    if missing:
        raise DatasetError(
            f"{path.name} has no column {' and no column '.join(missing)}: name the columns "
            f"{', '.join(ids)} in its first row."
        )
    for name in ids:
        rows.frame = rows.frame.assign(**{name: parse_ids(rows.frame[name])})
    for name in ids:
        empty = (rows.frame[name] == "").to_numpy(dtype=np.bool_)
        rows.report(empty, f"{name} is empty: the row is left out")
        rows.drop(empty)
    return rows


def _drop_unknown_tracks(rows: _Rows, known_tracks: Collection[str]) -> None:
    unknown = ~rows.frame["track_id"].isin(list(known_tracks)).to_numpy(dtype=np.bool_)
    counts = rows.frame["track_id"][unknown].value_counts(sort=False)
    for track_id, count in list(counts.items())[:MAX_PROBLEMS]:
        left_out = plural(int(count), "listen is", "listens are")
        reason = f"unknown track: {left_out} left out; add it to metadata.csv"
        rows.problems.append(Problem(source=rows.table.name, reason=reason, subject=str(track_id)))
    if len(counts) > MAX_PROBLEMS:
        reason = (
            f"{plural(len(counts) - MAX_PROBLEMS, 'more unknown track')}: "
            f"{plural(int(counts.iloc[MAX_PROBLEMS:].sum()), 'listen is', 'listens are')} left out"
        )
        rows.problems.append(Problem(source=rows.table.name, reason=reason))
    rows.drop(unknown)


def _with_ratings_as_opinions(frame: pd.DataFrame) -> pd.DataFrame:
    """Convert `rating` from the scale of this file; an unknown `skipped` is no skip."""
    if "skipped" in frame.columns and "ms_played" in frame.columns:
        unsaid = frame["skipped"].isna() & frame["ms_played"].notna()
        frame = frame.assign(skipped=frame["skipped"].mask(unsaid, other=False))
    if "rating" not in frame.columns:
        return frame
    rating = frame["rating"].to_numpy(np.float64, na_value=np.nan)
    scale = rating_scale(np.unique(rating).tolist(), totals="plays" in frame.columns)
    return frame.assign(rating=scale.opinions(rating))


def _without_times_of_no_plays(frame: pd.DataFrame) -> pd.DataFrame:
    """Remove the time of rows of 0 plays without an opinion: it would be an opinion taken back."""
    if not {"timestamp", "plays"} <= set(frame.columns):
        return frame
    none = frame["plays"].eq(0.0)
    for name in {"rating", "loved"} & set(frame.columns):
        none &= frame[name].isna()
    return frame.assign(timestamp=frame["timestamp"].mask(none))


def _with_opinions(frame: pd.DataFrame) -> pd.DataFrame:
    """Apply `loved` to the rows without a rating.

    A row that says nothing else is an opinion and no play.
    """
    unknown = pd.Series(np.nan, index=frame.index)
    rating, plays = (frame.get(name, unknown) for name in ("rating", "plays"))
    counts = rating.isna() & frame["loved"].notna()
    loved = counts & frame["loved"].fillna(value=False)
    not_loved = counts & ~loved
    is_listen = plays.notna() | frame.get(_HAS_TIME, unknown).eq(other=True)
    for name in ("position", "ms_played", "skipped"):
        is_listen |= frame.get(name, unknown).notna()
    plays = plays.mask(loved & is_listen & plays.isna(), 1.0)
    return frame.assign(
        rating=rating.mask(loved, LIKED), plays=plays.mask(not_loved & ~is_listen, 0.0)
    )
