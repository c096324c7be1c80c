"""CSV files in their dialects, as cells of text.

Conventions
-----------
- A file is read as text, cell by cell: ``007`` stays ``007``, ``NA`` stays ``NA``. An empty
  cell, and one that a short row lacks, is missing (NaN).
- Separator (comma, semicolon or tab): the one with which the header holds most column names that
  are known. Encodings: UTF-8 with or without a byte order mark, UTF-16 with one; lines that are
  not UTF-8 are read as Windows-1252, which is reported once a file.
- Rows are *records*: the header is row 1, and a quoted line break does not start a row.
"""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from segue.types import Problem

_EMPTY_LINES = re.compile(rb"(?: *(?:\r\n|\n|\r))+")


def read_csv(
    path: Path, n_known: Callable[[list[str]], int], problems: list[Problem]
) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Read a CSV file; give its cells as text and the row number of each line.

    Parameters
    ----------
    n_known
        How many of some names of columns are those of columns that segue knows.
    problems
        Takes in what of the file could not be read as it is.

    Raises
    ------
    OSError, ValueError
        If the file cannot be opened, or holds no header.
    """
    raw = _to_utf8(path, problems)
    above = _EMPTY_LINES.match(raw)
    skipped = 0 if above is None else len(above[0].splitlines())
    raw = raw if above is None else raw[above.end() :]
    header = raw[: 1 << 16].split(b"\n", 1)[0].split(b"\r", 1)[0].decode(errors="replace")
    if not header.strip():
        raise ValueError("the file is empty")
    separator = max(
        ",;\t",
        key=lambda sign: (n_known(_split(header, sign)), header.count(sign)),
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
