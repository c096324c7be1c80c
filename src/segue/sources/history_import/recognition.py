"""Recognize the format of a listening history by its content."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from segue.errors import DatasetError
from segue.sources.history_import.apple_music import (
    ACTIVITY,
    NAMELESS_ACTIVITY,
    AppleMapping,
    names_artists,
    repeated_tables,
)
from segue.sources.history_import.archives import READ_ERRORS, FileParts
from segue.sources.history_import.column_mapping import NO_COLUMNS, column_field
from segue.sources.history_import.databases import database_kind
from segue.sources.history_import.export import Export
from segue.sources.history_import.json_records import SERVICES, find_records
from segue.sources.history_import.json_values import read_values
from segue.sources.history_import.part_rows import HEAD_BYTES, PARQUET, is_json, seekable
from segue.sources.history_import.scrobbler_log import START
from segue.sources.history_import.table_detection import detect_columns, missing_columns
from segue.sources.history_import.table_mapping import TableMapping
from segue.sources.history_import.table_rows import map_parquet_columns, read_csv_rows
from segue.sources.history_import.xml_libraries import xml_kind
from segue.sources.tables.decoding import Stream, Utf8Stream

SUPPORTED = (
    "a table of listens (CSV or parquet with user_id and track_id, or artist and title),"
    " a ListenBrainz, Last.fm or Spotify export, also zipped, or a file of another service or"
    " player (docs/listening.md lists them)"
)
_NO_PROGRAM = (
    "is a database, but of no program that segue reads: name the database of beets, Navidrome,"
    " Jellyfin, Plex, Strawberry or MPD (sticker.db), or an export of another kind."
)
_DATABASE = "database"
_ARCHIVE = (
    "it is an archive (tar): import the files in it, or read the folder of a dump of ListenBrainz"
    " with segue preprocess"
)
_TAR, _TAR_AT = b"ustar", slice(257, 262)
_SQLITE = b"SQLite format 3\x00"
_MAX_INSPECTED = 50  # records, to find a known one in a JSON file


class _UnknownFormatError(Exception):
    """A part of a file is in no format that segue reads; a table is `lacking` something."""

    def __init__(self, lacking: str | None = None) -> None:
        super().__init__(lacking)
        self.lacking = lacking


def open_export(path: Path, columns: Mapping[str, str] = NO_COLUMNS) -> Export:
    """Recognize the format of a file.

    Parameters
    ----------
    columns
        The name of the column of some fields, for tables with names that segue does not know.

    Raises
    ------
    DatasetError
        The file is missing, empty, a directory, or in no format that segue reads; `columns` names a
        field that there is not.
    """
    path = Path(path).expanduser()
    chosen = _fields(columns)
    if path.is_dir():
        raise DatasetError(
            f"{path} is a directory: name the files in it, or read it as a dataset with segue"
            " preprocess."
        )
    parts = FileParts(path)
    if path.stat().st_size == 0:
        raise DatasetError(f"{path} is empty: export it again.")
    kinds, unread, lacking = _kinds_in(parts, chosen)
    if not kinds:
        if unread:
            raise DatasetError(f"{path} cannot be used: {next(iter(unread.values()))}.")
        raise DatasetError(f"{path} has an unknown format: {lacking or f'give {SUPPORTED}'}.")
    if _DATABASE in kinds.values() and not parts.is_archive:
        kind = database_kind(path)
        if kind is None:
            raise DatasetError(f"{path} {_NO_PROGRAM}")
        kinds = dict.fromkeys(kinds, kind)
    return Export(path, parts, kinds, unread, chosen)


def _fields(columns: Mapping[str, str]) -> dict[str, str]:
    """Return the columns by the fields of segue.

    Raises
    ------
    DatasetError
        There is no such field.
    """
    found = {}
    for name, column in columns.items():
        field = column_field(name)
        if field is None:
            raise DatasetError(
                f"There is no field {name!r}: a column can be user, artist, title, album, when,"
                " plays, ms_played, rating, loved, skipped, track_id, mbid or isrc."
            )
        found[field] = column
    return found


def _kinds_in(
    parts: FileParts, columns: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str | None], str | None]:
    """Return the kind of each part that can be read, why others cannot, what the last one lacks.

    Parts that are not needed have no reason.
    """
    kinds: dict[str, str] = {}
    unread: dict[str, str | None] = {}
    lacking: str | None = None
    apple: dict[str, str] = {}
    for name in parts.names:
        try:
            with parts.open(name) as raw:
                kind, table = _kind_of(raw, columns)
        except _UnknownFormatError as unknown:
            lacking = unknown.lacking or lacking
            continue
        except READ_ERRORS as error:
            unread[name] = f"{name} cannot be read ({error}): download it again"
            continue
        if kind == _DATABASE and parts.is_archive:
            unread[name] = f"{name} is a database: unpack it, and import it by itself"
            continue
        kinds[name] = kind
        if table is not None:
            apple[name] = table
    for name in repeated_tables(apple):
        del kinds[name]  # its listens are in the other table, too
        unread[name] = None
    return kinds, unread, lacking


def _kind_of(raw: Stream, columns: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the kind of a part, and which table of Apple it is."""
    start = raw.peek(len(_SQLITE))
    if start.startswith(_SQLITE):
        return _DATABASE, None
    if start.startswith(PARQUET):
        mapping = map_parquet_columns(seekable(raw), columns)
        if mapping is None:
            raise _UnknownFormatError
        return mapping.kind, mapping.table if isinstance(mapping, AppleMapping) else None
    if raw.peek(_TAR_AT.stop)[_TAR_AT] == _TAR:
        raise _UnknownFormatError(_ARCHIVE)
    stream: Stream = io.BufferedReader(Utf8Stream(raw), HEAD_BYTES)
    head = stream.peek(HEAD_BYTES)
    if is_json(head):
        return _json_kind(stream), None
    kind = "rockbox" if head.startswith(START) else xml_kind(head)
    if kind is not None:
        return kind, None
    text = head.decode(errors="replace")
    found = detect_columns(text, columns)
    if found is None:
        raise _UnknownFormatError(missing_columns(text))
    return found[0].kind, _apple_table(head, *found)


def _apple_table(head: bytes, mapping: TableMapping, separator: str) -> str | None:
    """Return which table of Apple starts with `head`, None if it is another table."""
    if not isinstance(mapping, AppleMapping):
        return None
    start = cast("Stream", io.BytesIO(head))
    if mapping.table == ACTIVITY and not names_artists(read_csv_rows(start, mapping, separator)):
        return NAMELESS_ACTIVITY
    return mapping.table


def _json_kind(stream: Stream) -> str:
    n_inspected = 0
    for _, value in read_values(stream):
        for found in find_records(value):
            n_inspected += 1
            if found.shape is not None:
                return SERVICES[found.shape]
            if n_inspected >= _MAX_INSPECTED:
                raise _UnknownFormatError
    raise _UnknownFormatError
