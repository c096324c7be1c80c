"""Read the rows of tables, CSV and parquet, by their mapping.

Row numbers, and quotes that are never closed: see `segue.sources.tables.csv_records`.
"""

import io
from collections.abc import Iterator, Mapping
from typing import Any

from segue.ratings import rating_scale
from segue.sources.history_import.column_mapping import NO_COLUMNS
from segue.sources.history_import.import_row import ImportIssue, ImportRow
from segue.sources.history_import.table_detection import map_header
from segue.sources.history_import.table_mapping import TableMapping
from segue.sources.tables.csv_records import read_records, too_long
from segue.sources.tables.decoding import Stream
from segue.sources.tables.values import read_number

_MAX_RATINGS = 10_000
"""Different ratings that are looked at to find a scale."""
_MAX_RECORD_LINES = 20  # a quote that is never closed takes more


def map_parquet_columns(stream: Any, chosen: Mapping[str, str] = NO_COLUMNS) -> TableMapping | None:
    """Return the mapping of a parquet file; None if it has no listens or is damaged."""
    # pyarrow takes as much memory as all the rest: it is loaded for parquet only
    from pyarrow import parquet

    try:
        return map_header(parquet.read_schema(stream).names, chosen)
    except (ValueError, OSError):  # pyarrow's errors are among these
        return None


def read_csv_rows(
    stream: Stream, mapping: TableMapping, separator: str
) -> Iterator[ImportRow | ImportIssue]:
    """Yield the rows of CSV text in UTF-8."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", errors="replace")
    records = read_records(text, separator, max_lines=_MAX_RECORD_LINES, width=mapping.width)
    at_header = mapping.has_header
    for number, cells in enumerate(records, start=1):
        if isinstance(cells, str):
            yield ImportIssue(cells, number)
        elif at_header:
            at_header = not any(map(str.strip, cells))  # empty lines may come first
        elif cells:
            reason = too_long(cells, mapping.width, separator)
            if reason is not None:
                yield ImportIssue(reason, number)
            else:
                yield from mapping.rows(cells, number)


def rating_values(stream: Stream, mapping: TableMapping, separator: str) -> set[float]:
    """Return the different ratings in CSV text, from which the scale of its table is inferred."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", errors="replace")
    records = read_records(text, separator, max_lines=_MAX_RECORD_LINES, width=mapping.width)
    place, found = mapping.rating_place, set[float]()
    if place is None:
        return found
    for cells in records:
        if not isinstance(cells, str) and len(cells) > place and len(found) < _MAX_RATINGS:
            _add_number(found, cells[place])
    return found


def _add_number(found: set[float], cell: Any) -> None:
    try:
        number = read_number(cell)
    except ValueError:
        return
    if number is not None:
        found.add(number)


def read_parquet_rows(
    stream: Any, chosen: Mapping[str, str] = NO_COLUMNS
) -> Iterator[ImportRow | ImportIssue]:
    """Yield the rows of a parquet file."""
    from pyarrow import parquet

    number = 1
    try:
        with parquet.ParquetFile(stream) as file:
            mapping = map_header(file.schema_arrow.names, chosen)
            if mapping is None:
                return
            if mapping.rating_place is not None:
                name = file.schema_arrow.names[mapping.rating_place]
                ratings = file.read(columns=[name]).column(0).unique().to_pylist()
                values = [float(one) for one in ratings if isinstance(one, int | float)]
                mapping.scale = rating_scale(values, totals=mapping.has_plays)
            for batch in file.iter_batches(batch_size=10_000):
                columns = [column.to_pylist() for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    number += 1
                    yield from mapping.rows(cells, number)
    except (ValueError, OSError) as error:
        yield ImportIssue(f"cannot be read further ({error}): earlier rows are kept", left_out=0)
