"""Read tables of any size, plain or packed, batch by batch: one block of lines is in memory.

Conventions
-----------
- Encodings, cells and columns are those of `table`; cells are separated by tabs, and none has a
  line break.
- A file may lack its header: its columns are then those of its documentation, in their order.
- A file that is damaged or cut short gives the rows before that place, and a problem.
- Problems go to a `ProblemCollector`. Rows are numbered in the whole file, the header is row 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from segue.errors import DatasetError
from segue.sources.tables.columns import Aliases, find_columns, split_line
from segue.sources.tables.decoding import Stream, Utf8Stream, guessed_encoding
from segue.sources.tables.problem_collector import ProblemCollector
from segue.sources.tables.table import Table, parse_csv
from segue.sources.tables.unpacking import UNPACK_ERRORS, open_unpacked
from segue.text import clean_text
from segue.types import Advance, Problem

SEPARATOR = "\t"
MEGABYTE = 1 << 20
_BLOCK_BYTES = 1 << 23
_PIECE_BYTES = _MAX_HEADER_BYTES = 1 << 16
_PACKED = ("", ".bz2", ".gz", ".xz", ".zst")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """The documented columns of a table in their order, and how segue calls those it uses.

    Columns of `aliases` besides `required` may be absent.
    """

    names: Sequence[str]
    aliases: Aliases
    required: Sequence[str]


def table_file(directory: Path, *names: str) -> Path | None:
    """Return the first of the files `names` of a directory that is there, plain or packed."""
    paths = (directory / f"{name}{suffix}" for name in names for suffix in _PACKED)
    return next((path for path in paths if path.is_file()), None)


def first_cells(path: Path) -> list[str]:
    """Return the cells of the first line of a table; none if it cannot be read."""
    try:
        with open_unpacked(path) as (content, _):
            line = content.readline(_MAX_HEADER_BYTES)
    except UNPACK_ERRORS:
        return []
    return split_line(line.decode("utf-8-sig", errors="replace").rstrip("\r\n"), SEPARATOR)


def n_megabytes(*paths: Path | None) -> int:
    """Return the size of files as `read_batches` advances, at least 1."""
    return max(1, sum(path.stat().st_size // MEGABYTE for path in paths if path is not None))


def read_batches(
    path: Path, layout: TableLayout, found: ProblemCollector, advance: Advance
) -> Iterator[Table]:
    """Yield the rows of a table batch by batch, with the columns of `layout` that it has.

    Raises
    ------
    DatasetError
        The file cannot be opened, is damaged from its start on, or lacks a column.
    """
    header = b""
    places: Mapping[str, int] = {}
    row = n_advanced = 0
    try:
        with open_unpacked(path) as (content, raw):
            for block in _blocks(content, path.name, found):
                lines = block
                if not header:
                    header, lines, row = _split_header(block, layout)
                    places = _places(path.name, header, layout)
                if lines:
                    yield _table(path.name, header + b"\n" + lines, row, places, found)
                row += lines.count(b"\n")
                advance(raw.tell() // MEGABYTE - n_advanced)
                n_advanced = raw.tell() // MEGABYTE
    except UNPACK_ERRORS as error:
        raise DatasetError(
            f"{path.name} cannot be read ({clean_text(str(error))}): download it again."
        ) from error


def _blocks(content: Stream, name: str, found: ProblemCollector) -> Iterator[bytes]:
    """Yield whole lines of text, some megabytes at a time; damage after the first is a problem."""
    stream = Utf8Stream(content)
    pieces: list[bytes] = []
    n_bytes = 0
    damage: Exception | None = None
    started = False
    while damage is None:
        try:
            piece = stream.read(_PIECE_BYTES) or b""
        except UNPACK_ERRORS as error:
            if not (started or b"\n" in b"".join(pieces)):
                raise
            damage, piece = error, b""
        pieces.append(piece)
        n_bytes += len(piece)
        if piece and n_bytes < _BLOCK_BYTES:
            continue
        text = b"".join(pieces)
        is_whole = not piece and damage is None
        end = len(text) if is_whole else text.rfind(b"\n") + 1
        pieces, n_bytes = [text[end:]], len(text) - end
        if end:
            started = True
            yield text[:end]
        if not piece:
            break
    if damage is not None:
        reason = (
            f"the file is cut short or damaged ({clean_text(str(damage))}): the rows before that"
            " place are used; download it again"
        )
        found.add(name, reason)
    if stream.guessed_line is not None:
        found.add(name, guessed_encoding(stream.guessed_line))


def _split_header(block: bytes, layout: TableLayout) -> tuple[bytes, bytes, int]:
    """Return the header, the lines after it, and the row of the first of these."""
    line, _, lines = block.partition(b"\n")
    header = line.rstrip(b"\r")
    cells = split_line(header.decode(), SEPARATOR)
    if len(cells) == len(layout.names) and not find_columns(cells, layout.aliases):
        return SEPARATOR.join(layout.names).encode(), block, 1
    return header, lines, 2


def _places(name: str, header: bytes, layout: TableLayout) -> dict[str, int]:
    """Return the place of each column that is used.

    Raises
    ------
    DatasetError
        One is missing.
    """
    places = find_columns(split_line(header.decode(), SEPARATOR), layout.aliases)
    missing = [layout.aliases[one][0] for one in layout.required if one not in places]
    if missing:
        raise DatasetError(
            f"{name} has no column {', '.join(missing)}: its columns should be"
            f" {', '.join(layout.names)}; download it again."
        )
    return places


def _table(
    name: str, text: bytes, row: int, places: Mapping[str, int], found: ProblemCollector
) -> Table:
    problems: list[Problem] = []
    frame, rows = parse_csv(text, SEPARATOR, name, problems, one_line=True)
    shift = row - 2  # the header is row 1 of each block
    for one in problems:
        found.add(name, one.reason, None if one.row is None else one.row + shift)
    frame = frame.iloc[:, list(places.values())].reset_index(drop=True)
    frame.columns = pd.Index(list(places))
    return Table(name, frame, rows + shift, [])
