"""Listens as tables: the exchange layout's listens.csv and listens.parquet, Last.fm's as CSV.

Conventions
-----------
- What a row says is `segue.sources.history_import.column_mapping`.
- Records are numbered as in `segue.sources.tables.csv_files`: the header is row 1.
- A quote that never closes costs its line, and no more. A last line without its end that has too
  few cells, or an open quote, was cut short.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from segue.sources.history_import.column_mapping import Layout, layout_of
from segue.sources.history_import.import_row import Heard, Remark, Unusable
from segue.sources.history_import.streams import Stream

_UNCLOSED = "a quote is opened in this row and never closed"
_CUT_SHORT = "the last row was cut short"
_MOST_LINES = 20  # of one record: nobody's titles have more, a quote that never closes has


def read_rows(stream: Stream, layout: Layout, separator: str) -> Iterator[Heard | Remark]:
    """Give the listens of a CSV text in UTF-8."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", errors="replace")
    for number, cells in enumerate(_records(text, separator, layout.width), start=1):
        if (number == 1 and layout.header) or cells == []:
            continue
        if isinstance(cells, str):
            yield Remark(cells, number)
        elif len(cells) > layout.width and any(map(str.strip, cells[layout.width :])):
            yield Remark(f"the row has {len(cells)} cells instead of {layout.width}", number)
        else:
            yield read_cells(layout, cells, number)


def read_cells(layout: Layout, cells: Sequence[Any], number: int) -> Heard | Remark:
    """Return what one row says, or why it is left out."""
    try:
        return layout.read(cells)
    except Unusable as why:
        return Remark(why.reason, number, expected=why.expected)


class _Lines:
    """The lines of a text, of which those of the last record can be had again."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._again: deque[str] = deque()
        self.taken: list[str] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._text)
        self.taken.append(line)
        return line

    def give_back(self, lines: Sequence[str]) -> None:
        self._again.extendleft(reversed(lines))


def _records(text: Iterable[str], separator: str, width: int) -> Iterator[list[str] | str]:
    """Give the records of a CSV text, or why there is none, where a quote swallows what follows."""
    lines = _Lines(text)
    reader = csv.reader(lines, delimiter=separator)
    while True:
        lines.taken.clear()
        try:
            cells = next(reader, None)
            swallowed = len(lines.taken) > _MOST_LINES
        except csv.Error:  # one cell of more than 128 KiB
            cells, swallowed = [], True
        if cells is None:
            return
        if len(lines.taken) > 1 and not swallowed:
            # at the end of the file a quote closes by itself
            swallowed = "".join(lines.taken).count('"') % 2 == 1
        if swallowed:
            lines.give_back(lines.taken[1:])
            reader = csv.reader(lines, delimiter=separator)
            yield _UNCLOSED
        elif lines.taken[-1].endswith(("\n", "\r")) or _is_whole(lines.taken, separator, width):
            yield cells
        else:
            yield _CUT_SHORT


def _is_whole(lines: Sequence[str], separator: str, width: int) -> bool:
    """Say whether a record that no line end follows has come to its end."""
    try:
        cells = next(csv.reader(lines, delimiter=separator, strict=True), [])
    except csv.Error:
        return False
    return len(cells) >= width


def layout_of_parquet(stream: Any) -> Layout | None:
    """Return the layout of a parquet file; None if it names no tracks or is damaged."""
    # pyarrow takes as much memory as all the rest: only who reads parquet needs it
    from pyarrow import parquet

    try:
        return layout_of(parquet.read_schema(stream).names)
    except (ValueError, OSError):  # pyarrow's errors are among these
        return None


def read_parquet(stream: Any) -> Iterator[Heard | Remark]:
    """Give the listens of a parquet file."""
    from pyarrow import parquet

    number = 1
    try:
        with parquet.ParquetFile(stream) as file:
            layout = layout_of(file.schema_arrow.names)
            if layout is None:
                return
            for batch in file.iter_batches(batch_size=10_000):
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield read_cells(layout, cells, number)
    except (ValueError, OSError) as error:
        yield Remark(f"cannot be read further ({error}): what came before is kept", left_out=0)
