"""Listens as tables: the exchange layout's listens.csv and listens.parquet, Last.fm's as CSV.

Conventions
-----------
- What a row says is `segue.sources.history_import.column_mapping`.
- Records, their numbers, and quotes that are never closed: see `segue.sources.tables.csv_records`.
"""

import io
from collections.abc import Iterator, Sequence
from typing import Any

from segue.sources.history_import.column_mapping import Layout, layout_of
from segue.sources.history_import.import_row import Heard, Remark, Unusable
from segue.sources.tables.csv_records import read_records, too_long
from segue.sources.tables.decoding import Stream

_MAX_LINES = 20  # of one record; a quote that is never closed takes more


def read_rows(stream: Stream, layout: Layout, separator: str) -> Iterator[Heard | Remark]:
    """Give the listens of a CSV text in UTF-8."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", errors="replace")
    records = read_records(text, separator, max_lines=_MAX_LINES, width=layout.width)
    header = layout.header
    for number, cells in enumerate(records, start=1):
        if isinstance(cells, str):
            yield Remark(cells, number)
        elif header and any(map(str.strip, cells)):
            header = False
        elif cells:
            reason = too_long(cells, layout.width, separator)
            yield read_cells(layout, cells, number) if reason is None else Remark(reason, number)


def read_cells(layout: Layout, cells: Sequence[Any], number: int) -> Heard | Remark:
    """Return what one row says, or why it is left out."""
    try:
        return layout.read(cells)
    except Unusable as why:
        return Remark(why.reason, number, expected=why.expected)


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
