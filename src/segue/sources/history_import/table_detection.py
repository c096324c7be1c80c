"""Recognize a table of listens by its first lines: its columns, and what separates them.

A table without a header is read if it is one of `_WITHOUT_HEADER`: their rows are recognized by the
times in them.

Sources: benjaminbenben.com/lastfm-to-csv; lastfm.ghan.nl/export (without its header); libre.fm's
lastexport.py, gitlab.com/gnufm/gnufm.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from segue.sources.history_import.apple_music import AppleMapping, apple_table
from segue.sources.history_import.column_mapping import (
    NO_COLUMNS,
    ColumnMapping,
    map_columns,
)
from segue.sources.history_import.import_row import MIN_TIME, read_timestamp
from segue.sources.history_import.table_mapping import TableMapping
from segue.sources.tables.columns import (
    LISTEN_ALIASES,
    SEPARATORS,
    find_columns,
    plain_name,
    separator_of,
    split_line,
)

_MAX_INSPECTED = 50  # lines, to find a time in a table without a header
_MAX_NAMED = 12
"""Columns that a refusal names."""


class _Layout(NamedTuple):
    kind: str
    columns: Sequence[str]
    timed: Sequence[int]  # the columns of times, all of which must be times


_WITHOUT_HEADER = (
    _Layout("lastfm", ("artist", "album", "title", "timestamp"), (3,)),
    _Layout(
        "lastfm",
        (
            *("timestamp", "utc_time", "artist", "artist_mbid", "album", "album_mbid"),
            *("title", "recording"),
        ),
        (0, 1),
    ),
    _Layout(
        "librefm",
        (
            *("timestamp", "title", "artist", "album"),
            *("recording", "artist_mbid", "album_mbid"),
        ),
        (0,),
    ),
)


def map_header(names: Sequence[Any], chosen: Mapping[str, str] = NO_COLUMNS) -> TableMapping | None:
    """Return the mapping of a header, None if the table has no listens."""
    table = None if chosen else apple_table(names)
    return AppleMapping(table, names) if table else map_columns(names, chosen)


def detect_columns(
    head: str, chosen: Mapping[str, str] = NO_COLUMNS
) -> tuple[TableMapping, str] | None:
    r"""Return the mapping and the separator of CSV text by its first lines; None if it has none.

    >>> mapping, separator = detect_columns("user_id;track_id\n1;2\n")
    >>> mapping.kind, separator
    ('listens', ';')
    """
    lines = [line for line in head.splitlines()[:_MAX_INSPECTED] if line.strip()]
    if not lines:
        return None
    separator = _separator(lines[0], chosen)
    found = map_header(split_line(lines[0], separator), chosen)
    if found is not None:
        return found, separator
    for separator in SEPARATORS:
        rows = [split_line(line, separator) for line in lines]
        for layout in _WITHOUT_HEADER:
            if any(_fits(layout, row) for row in rows):
                places = {name: place for place, name in enumerate(layout.columns)}
                width = len(layout.columns)
                return ColumnMapping(layout.kind, places, width, has_header=False), separator
    return None


def missing_columns(head: str) -> str | None:
    """Return what a table lacks to be one of listens, and its columns; None if it is no table."""
    line = next((line for line in head.splitlines() if line.strip()), "")
    names = [name.strip() for name in split_line(line, separator_of(line, LISTEN_ALIASES))]
    if len(names) < 2 or not any(plain_name(name) in _KNOWN for name in names):
        return None
    places = find_columns(names, LISTEN_ALIASES)
    lacks = [f"the {name}" for name in ("artist", "title") if name not in places]
    if not lacks or "track_id" in places:
        lacks = ["when each track was played, or how often"]
    listed = ", ".join(filter(None, names[:_MAX_NAMED])) + (", ..." if names[_MAX_NAMED:] else "")
    return (
        f"it is a table with the columns {listed}, and none of them gives {' and '.join(lacks)}:"
        " name the column with --column, such as --column when=NAME or --column title=NAME"
    )


_KNOWN = frozenset(name for names in LISTEN_ALIASES.values() for name in names)


def _separator(header: str, chosen: Mapping[str, str]) -> str:
    aliases = {**LISTEN_ALIASES, "chosen": tuple(map(plain_name, chosen.values()))}
    return separator_of(header, aliases)


def _fits(layout: _Layout, row: Sequence[str]) -> bool:
    """Return whether a row has the width and the times of a layout."""
    return len(row) == len(layout.columns) and all(
        (read_timestamp(row[place]) or 0.0) >= MIN_TIME for place in layout.timed
    )
