"""Tables as people send them: CSV in its dialects, and parquet.

Conventions
-----------
- A CSV file is read as text, cell by cell: ``007`` stays ``007``, ``NA`` stays ``NA``. An empty
  cell, and one that a short row lacks, is missing (NaN).
- Separator (comma, semicolon or tab): the one with which the header holds most column names that
  segue knows. Encodings: UTF-8 with or without a byte order mark, UTF-16 with one; lines that are
  not UTF-8 are read as Windows-1252, which is reported once a file.
- Rows are *records*: the header is row 1, and a quoted line break does not start a row. Spreadsheet
  programs count the same way. Row 2 of a parquet file is its first.
- Column names are lower case with ``_`` for spaces where segue knows them; common other names
  (`ALIASES`) are taken where the proper one is absent. Unknown columns keep their name.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from segue.errors import DatasetError
from segue.sources.cleaning.text import clean_text
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
_EMPTY_LINES = re.compile(rb"(?: *(?:\r\n|\n|\r))+")
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
            frame, rows = _read_csv(path, problems)
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


def _plain(name: str) -> str:
    return clean_text(name).casefold().replace(" ", "_").replace("-", "_")


def _read_csv(path: Path, problems: list[Problem]) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Read a CSV file; give its cells as text and the row number of each line."""
    raw = _to_utf8(path, problems)
    above = _EMPTY_LINES.match(raw)
    skipped = 0 if above is None else len(above[0].splitlines())
    raw = raw if above is None else raw[above.end() :]
    header = raw[: 1 << 16].split(b"\n", 1)[0].split(b"\r", 1)[0].decode(errors="replace")
    if not header.strip():
        raise ValueError("the file is empty")
    separator = max(
        ",;\t",
        key=lambda sign: (len(_KNOWN & set(map(_plain, _split(header, sign)))), header.count(sign)),
    )
    try:
        frame = _read_quickly(raw, separator, len(header.split(separator)))
        rows = np.arange(1, len(frame) + 1)
    except (pa.ArrowInvalid, pd.errors.ParserError):
        frame, rows = _read_patiently(raw.decode(), separator, path.name, problems)
    frame.columns = pd.Index(frame.iloc[0].fillna("").to_list())
    return frame.iloc[1:], rows[1:] + skipped


def _read_quickly(raw: bytes, separator: str, width: int) -> pd.DataFrame:
    """Read a well-formed CSV text; the header is its first row.

    Raises
    ------
    pyarrow.ArrowInvalid, pandas.errors.ParserError
        Rows are too long (or too short, without quotes), or a quote never closes.
    """
    if b'"' in raw:
        # Without a header pandas refuses rows that are too long instead of guessing an index.
        return pd.read_csv(
            io.BytesIO(raw),
            sep=separator,
            header=None,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )
    # Without quotes nothing is left to interpret, and Arrow is several times faster.
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


def _split(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator), [])


def _to_utf8(path: Path, problems: list[Problem]) -> bytes:
    """Give a file's bytes as UTF-8 without byte order mark and without NUL."""
    raw = path.read_bytes()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace").replace("\x00", "").encode(errors="replace")
    raw = raw.removeprefix(codecs.BOM_UTF8).replace(b"\x00", b"")
    try:
        raw.decode()
    except UnicodeDecodeError:
        lines = raw.split(b"\n")
        wrong = [number for number, line in enumerate(lines) if not _is_utf8(line)]
        for number in wrong:
            lines[number] = _from_windows(lines[number]).encode()
        reason = (
            f"{len(wrong)} lines (the first is line {wrong[0] + 1}) are not UTF-8 and were read as "
            "Windows-1252: save the file as UTF-8 if names look wrong"
        )
        problems.append(Problem(source=path.name, reason=reason))
        return b"\n".join(lines)
    return raw


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _from_windows(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:  # five bytes mean nothing there
        return line.decode("latin-1")


def _read_patiently(
    text: str, separator: str, source: str, problems: list[Problem]
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Read a CSV file that pandas refuses: rows that are too long, a quote that never closes."""
    cells: list[list[str | None]] = []
    rows: list[int] = []
    width = 0
    for row, fields in enumerate(_records(text, separator), start=1):
        if fields is None:
            reason = "a quote is opened in this row and never closed: close it or take it out"
            problems.append(Problem(source=source, reason=reason, row=row))
            continue
        width = width or len(fields)  # the header's
        if any(field.strip() for field in fields[width:]):
            reason = (
                f"the row has {len(fields)} cells and the header {width}: put quotes around text "
                f"that holds {separator!r}"
            )
            problems.append(Problem(source=source, reason=reason, row=row))
            continue
        cells.append([field or None for field in fields[:width]] + [None] * (width - len(fields)))
        rows.append(row)
    return pd.DataFrame(cells, dtype="str"), np.array(rows, dtype=np.int64)


def _records(text: str, separator: str) -> Iterator[list[str] | None]:
    """Give the records of a CSV text; None for a line whose quote swallows all that follows."""
    lines = io.StringIO(text, newline="").readlines()
    start = 0
    while start < len(lines):
        reader = csv.reader(islice(lines, start, None), delimiter=separator)
        base = start
        try:
            for fields in reader:
                end = base + reader.line_num
                if end == len(lines) and end - start > 1 and "".join(lines[start:]).count('"') % 2:
                    break
                yield fields
                start = end
        except csv.Error:  # one cell of more than 128 KiB: the quote was never meant
            pass
        if start < len(lines):
            yield None
            start += 1
