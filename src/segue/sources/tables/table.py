"""Read whole tables, CSV and parquet, with their columns under the names that segue uses.

Conventions
-----------
- CSV files: encodings as in `decoding`, separators as in `columns`. Cells are text: ``007`` stays
  ``007``, ``NA`` stays ``NA``. An empty cell, and one that a short row lacks, is missing (NaN).
- Rows are numbered as in `csv_records`: the header is row 1. Row 2 of a parquet file is its first.
- Columns are found by `Aliases`; all others keep their name.
"""

import io
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from segue.errors import DatasetError
from segue.sources.tables.columns import Aliases, find_columns, plain_name, separator_of
from segue.sources.tables.csv_records import UNCLOSED, read_records, too_long
from segue.sources.tables.decoding import guessed_encoding, read_text
from segue.text import clean_text
from segue.types import Problem

MAX_PROBLEMS = 1000
"""More problems of one kind are counted, not listed."""

_SUFFIXES = (".csv", ".tsv", ".parquet")
_EMPTY_LINES = re.compile(rb"(?: *(?:\r\n|\n|\r))+")
_HEADER_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Table:
    """One table: `rows[i]` is the row number of line `i` of `frame`."""

    name: str
    frame: pd.DataFrame
    rows: NDArray[np.int64]
    problems: list[Problem]


def find_table(directory: Path, stem: str) -> Path | None:
    """Return ``stem.csv``, ``stem.tsv`` or ``stem.parquet`` of a directory; the first of them."""
    paths = (directory / f"{stem}{suffix}" for suffix in _SUFFIXES)
    return next((path for path in paths if path.is_file()), None)


def read_table(path: Path, aliases: Aliases) -> Table:
    """Read a CSV or parquet file whose columns are named by `aliases`.

    Raises
    ------
    DatasetError
        The file cannot be opened, has no header, or is not what its name says.
    """
    problems: list[Problem] = []
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
            rows = np.arange(2, len(frame) + 2)
        else:
            frame, rows = _read_csv(path, aliases, problems)
    except (OSError, ValueError) as error:  # pyarrow's errors are among these
        raise DatasetError(
            f"{path.name} cannot be read ({clean_text(str(error))}): write it again as a plain "
            f"{path.suffix[1:].upper()} file."
        ) from error
    frame = frame.reset_index(drop=True)
    columns = _columns(list(map(str, frame.columns)), aliases, path.name, problems)
    frame = frame.iloc[:, list(columns.values())]
    frame.columns = pd.Index(columns)
    blank = _is_blank(frame)
    # empty lines at the end of a file are normal, elsewhere a row may have been lost
    last = 0 if blank.all() else int(np.flatnonzero(~blank)[-1]) + 1
    reason = "the row is blank: remove it or fill it in"
    problems += row_problems(path.name, rows[:last][blank[:last]], reason)
    return Table(path.name, frame.loc[~blank].reset_index(drop=True), rows[~blank], problems)


def row_problems(
    source: str,
    rows: NDArray[np.int64],
    reason: str,
    subjects: list[str] | None = None,
) -> list[Problem]:
    """Return a problem for each of the first `MAX_PROBLEMS` rows, and one that counts the rest."""
    listed = [
        Problem(
            source=source, reason=reason, row=int(row), subject=subjects[i] if subjects else None
        )
        for i, row in enumerate(rows[:MAX_PROBLEMS])
    ]
    if len(rows) > MAX_PROBLEMS:
        more = f"{len(rows) - MAX_PROBLEMS} more rows: {reason}"
        listed.append(Problem(source=source, reason=more))
    return listed


def _read_csv(
    path: Path, aliases: Aliases, problems: list[Problem]
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the cells of a CSV file as text, and the row number of each line."""
    raw, guessed_line = read_text(path)
    if guessed_line is not None:
        problems.append(Problem(source=path.name, reason=guessed_encoding(guessed_line)))
    above = _EMPTY_LINES.match(raw)
    skipped = 0 if above is None else len(above[0].splitlines())
    raw = raw if above is None else raw[above.end() :]
    header = raw[:_HEADER_BYTES].split(b"\n", 1)[0].split(b"\r", 1)[0].decode(errors="replace")
    if not header.strip():
        raise ValueError("the file is empty")
    frame, rows = parse_csv(raw, separator_of(header, aliases), path.name, problems)
    return frame, rows + skipped


def parse_csv(
    raw: bytes, separator: str, source: str, problems: list[Problem], *, one_line: bool = False
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the cells of CSV text as text, and the row number of each line; the header is row 1.

    Records that do not fit the header are added to `problems`. With `one_line`, no record has line
    breaks in quotes.
    """
    header = raw[: raw.index(b"\n") if b"\n" in raw else None].split(b"\r", 1)[0].decode()
    n_lines = raw.count(b"\n") + (not raw.endswith(b"\n"))
    frame: pd.DataFrame | None = None
    with suppress(pa.ArrowInvalid, pd.errors.ParserError):
        frame = _read_well_formed(raw, separator, len(header.split(separator)))
    if frame is None or (one_line and len(frame) != n_lines):  # a quote is closed in another line
        frame, rows = _read_malformed(raw.decode(), separator, source, problems, one_line=one_line)
    else:
        rows = np.arange(1, len(frame) + 1)
    frame.columns = pd.Index(frame.iloc[0].fillna("").to_list())
    return frame.iloc[1:], rows[1:]


def _read_well_formed(raw: bytes, separator: str, width: int) -> pd.DataFrame:
    """Parse CSV text whose records all fit; the header is its first row.

    Raises
    ------
    pyarrow.ArrowInvalid, pandas.errors.ParserError
        Rows are too long (or too short, without quotes), or a quote is never closed.
    """
    if b'"' in raw:
        # without a header pandas refuses rows that are too long instead of guessing an index
        return pd.read_csv(
            io.BytesIO(raw),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )
    # without quotes, Arrow parses the same several times faster
    names = [str(number) for number in range(width)]
    table = pa_csv.read_csv(
        pa.BufferReader(raw),
        read_options=pa_csv.ReadOptions(column_names=names),
        parse_options=pa_csv.ParseOptions(
            delimiter=separator, quote_char=False, ignore_empty_lines=False
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            null_values=[""],
            strings_can_be_null=True,
        ),
    )
    frame: pd.DataFrame = table.to_pandas()
    return frame


def _read_malformed(
    text: str, separator: str, source: str, problems: list[Problem], *, one_line: bool
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Parse CSV text record by record; those that do not fit are problems."""
    cells: list[list[str | None]] = []
    rows: list[int] = []
    width = 0
    lines = io.StringIO(text, newline="")
    records = read_records(lines, separator, max_lines=1 if one_line else None)
    for row, record in enumerate(records, start=1):
        reason = record if isinstance(record, str) else None
        if one_line and reason is None and record and record[-1].endswith("\n"):
            reason = UNCLOSED  # the end of the text closed it
        if isinstance(record, str) or reason is not None:
            problems.append(Problem(source=source, reason=reason or "", row=row))
            continue
        width = width or len(record)  # the header's
        reason = too_long(record, width, separator)
        if reason is not None:
            problems.append(Problem(source=source, reason=reason, row=row))
            continue
        cells.append([cell or None for cell in record[:width]] + [None] * (width - len(record)))
        rows.append(row)
    return pd.DataFrame(cells, dtype="str"), np.array(rows, dtype=np.int64)


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


def _columns(
    raw: list[str], aliases: Aliases, source: str, problems: list[Problem]
) -> dict[str, int]:
    """Return the place of each column by its name; a second column of a name is a problem."""
    names = [clean_text(name) or f"column_{i + 1}" for i, name in enumerate(raw)]
    places = find_columns(names, aliases)
    aliased = set(places.values())
    for place, name in enumerate(names):
        if place in aliased:
            continue
        plain = plain_name(name)
        column = plain if plain in aliases else name
        used = places.setdefault(column, place)
        if used != place:
            reason = f"there is more than one column {column!r}: {names[used]!r} is used"
            problems.append(Problem(source=source, reason=reason, row=1))
    return dict(sorted(places.items(), key=lambda item: item[1]))
