"""Parse whole columns of listens, millions of cells at once, by the rules of `values`.

Conventions
-----------
- A parser returns the values and a mask of the rows whose cell is not empty and cannot be parsed;
  their value is missing, like that of an empty cell.
- Numbers are float64, truth values nullable boolean, splits text.
- Plain numbers and ISO dates are parsed column by column; every other cell by `values`, each
  different one once.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segue.sources.tables.values import (
    DECIMAL,
    TIME_UNITS,
    id_text,
    read_split,
    read_time,
    read_truth,
)
from segue.text import clean_id

Mask = NDArray[np.bool_]
Parsed: TypeAlias = "tuple[pd.Series[float] | pd.Series[bool] | pd.Series[str], Mask]"

_ISO = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


def parse_ids(column: "pd.Series[str]") -> "pd.Series[str]":
    """Return ids as clean text, empty where missing."""
    codes, different = pd.factorize(column)
    cleaned = [clean_id(id_text(value)) for value in different]
    texts = np.array([*cleaned, ""], dtype=object)[codes]  # missing has the code -1, the last
    return pd.Series(texts, index=column.index, dtype="str")


def parse_session_ids(column: "pd.Series[str]") -> Parsed:
    """Return ids as clean text, None where missing; every value can be parsed."""
    ids = parse_ids(column).astype(object)
    return ids.mask(ids == "", None), np.zeros(len(column), np.bool_)


def parse_ratings(column: "pd.Series[str]") -> Parsed:
    """Return finite numbers."""
    return _numbers_from(column, -np.inf)


def parse_counts(column: "pd.Series[str]") -> Parsed:
    """Return finite numbers from 0."""
    return _numbers_from(column, 0.0)


def parse_times(column: "pd.Series[str]") -> Parsed:
    """Return times in seconds since 1970, UTC; a time before 1970 cannot be parsed."""
    if pd.api.types.is_datetime64_any_dtype(column):
        values = _seconds(pd.to_datetime(column, utc=True))
        return pd.Series(values), np.zeros(len(column), np.bool_)
    numbers = _numbers(column)
    values = numbers.copy()
    for limit, per_second in TIME_UNITS[::-1]:
        values[numbers >= limit] = numbers[numbers >= limit] / per_second
    present = is_present(column)
    if not pd.api.types.is_numeric_dtype(column):
        values = _with_dates(column, values, present)
    good = np.isfinite(values) & (values >= 0)
    return pd.Series(np.where(good, values, np.nan)), present & ~good


def parse_truths(column: "pd.Series[str]") -> Parsed:
    """Return truth values."""
    values, bad = _by_cell(column, lambda value: read_truth(_plain(value)))
    return pd.Series(values, dtype="boolean"), bad


def parse_splits(column: "pd.Series[str]") -> Parsed:
    """Return train, valid or test."""
    values, bad = _by_cell(column, read_split)
    return pd.Series(values, dtype="str"), bad


def is_present(column: "pd.Series[str]") -> Mask:
    """Return which cells are neither missing nor blank."""
    present = column.notna().to_numpy(dtype=np.bool_)
    if not pd.api.types.is_numeric_dtype(column) and present.any():
        blank = column.astype("str").str.strip() == ""
        present = present & ~blank.to_numpy(dtype=np.bool_, na_value=False)
    return present


def _numbers_from(column: "pd.Series[str]", lowest: float) -> Parsed:
    values = _numbers(column)
    with np.errstate(invalid="ignore"):
        good = np.isfinite(values) & (values >= lowest)
    return pd.Series(np.where(good, values, np.nan)), is_present(column) & ~good


def _numbers(column: "pd.Series[str]") -> NDArray[np.float64]:
    """Return the cells that are decimal numbers, NaN for all others."""
    if pd.api.types.is_numeric_dtype(column):
        numeric = column.astype("Float64")
        return np.asarray(numeric.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
    text = column.astype("str").str.strip()
    written = text.str.fullmatch(DECIMAL).to_numpy(dtype=np.bool_, na_value=False)
    numbers = np.full(len(column), np.nan)
    # by way of Arrow, which parses text in place
    numbers[written] = text[written].astype("Float64").to_numpy(dtype=np.float64)
    return numbers


def _with_dates(
    column: "pd.Series[str]", values: NDArray[np.float64], present: Mask
) -> NDArray[np.float64]:
    """Fill in the cells that are no numbers: ISO dates at once, all others one by one."""
    rest = present & np.isnan(values)
    if rest.any() and pd.api.types.is_string_dtype(column):
        text = column[rest].astype("str").str.strip()
        iso = text.str.fullmatch(_ISO).to_numpy(dtype=np.bool_, na_value=False)
        places = np.flatnonzero(rest)[iso]
        moments = pd.to_datetime(text[iso], utc=True, format="ISO8601", errors="coerce")
        values[places] = _seconds(moments)
        rest = present & np.isnan(values)
    if rest.any():
        values[rest] = _by_cell(column[rest], read_time)[0].astype(np.float64)
    return values


def _by_cell(
    column: "pd.Series[str]", read: Callable[[Any], Any]
) -> tuple[NDArray[np.object_], Mask]:
    """Parse each different cell with a function of `values`; return values and bad cells."""
    codes, different = pd.factorize(column)
    values: list[Any] = []
    bad: list[bool] = []
    for value in different:
        try:
            values.append(read(value))
            bad.append(False)
        except ValueError:
            values.append(None)
            bad.append(True)
    # missing has the code -1, the last
    return np.array([*values, None], dtype=object)[codes], np.array([*bad, False])[codes]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _seconds(moments: "pd.Series[pd.Timestamp]") -> NDArray[np.float64]:
    microseconds = moments.dt.as_unit("us").to_numpy(dtype="datetime64[us]")
    missing = np.isnat(microseconds)
    return np.where(missing, np.nan, microseconds.astype(np.int64) / 1e6)
