"""Recognize a listening history by its content, and read its rows one after the other."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from segue.errors import DatasetError
from segue.ratings import RatingScale, rating_scale
from segue.sources.history_import.archives import READ_ERRORS, FileParts
from segue.sources.history_import.beets import is_beets, read_beets
from segue.sources.history_import.column_mapping import (
    detect_columns,
    map_parquet_columns,
    rating_values,
    read_csv_rows,
    read_parquet_rows,
)
from segue.sources.history_import.import_row import ImportIssue, ImportRow, UnusableRow, read_id
from segue.sources.history_import.json_records import SERVICES, find_records, read_record
from segue.sources.history_import.json_values import read_values, truncation_issue
from segue.sources.history_import.opinions import PendingOpinions
from segue.sources.tables.decoding import Stream, Utf8Stream, guessed_encoding

FORMAT_NAMES: Mapping[str, str] = {
    "listens": "listens table",
    "listenbrainz": "ListenBrainz",
    "lastfm": "Last.fm",
    "spotify": "Spotify",
    "beets": "beets",
}
"""The kinds of exports, as users know them."""

SUPPORTED = (
    "a table of listens (CSV or parquet with user_id and track_id, or artist and title),"
    " a ListenBrainz, Last.fm or Spotify export, also zipped, or the library.db of beets"
)
_SQLITE, _PARQUET = b"SQLite format 3\x00", b"PAR1"
_HEAD_BYTES = 1 << 16
_MAX_INSPECTED = 50  # records, to find a known one in a JSON file
_USER = re.compile(rb'"user(?:_?name)?"\s*:\s*("(?:[^"\\]|\\.)*")')


class _UnknownFormatError(Exception):
    """A part of a file is in no format that segue reads."""


class Export:
    """A file with a listening history in a known format.

    `kind` is one of `FORMAT_NAMES`; of an archive with several, that of the first part.
    """

    def __init__(
        self, path: Path, parts: FileParts, kinds: Mapping[str, str], unread: Mapping[str, str]
    ) -> None:
        self.path = path
        self.kind = next(iter(kinds.values()))
        self._parts = parts
        self._kinds = kinds
        self._unread = unread

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        return self.path.stat().st_size

    @property
    def position(self) -> int:
        """The number of these bytes that were read so far."""
        return self._parts.position()

    def rows(self) -> Iterator[tuple[str, ImportRow | ImportIssue]]:
        """Yield each row with its kind, and an issue for everything that cannot be used."""
        if self.kind == "beets":
            yield from ((self.kind, one) for one in read_beets(self.path))
            return
        for reason in self._unread.values():
            yield self.kind, ImportIssue(reason, left_out=0)
        known = {*self._kinds, *self._unread, self._user_part()}
        ignored = [name for name in self._parts.names if name not in known]
        if ignored:
            more = f" and {len(ignored) - 1} more" if ignored[1:] else ""
            yield self.kind, ImportIssue(f"{ignored[0]}{more}: no listens in it", left_out=0)
        user = self._user()
        if isinstance(user, ImportIssue):
            yield self.kind, user
            user = None
        last = self.kind
        opinions = PendingOpinions()
        for name, kind in self._kinds.items():
            last = kind
            try:
                scale = self._rating_scale(name) if kind == "listens" else RatingScale()
                with self._parts.open(name) as raw:
                    for last, one in _read(raw, opinions, scale):
                        yield last, _of_user(user, one)
            except READ_ERRORS as error:
                yield last, truncation_issue(name, error)
        yield from (("listenbrainz", _of_user(user, one)) for one in opinions.resolved())

    def _rating_scale(self, name: str) -> RatingScale:
        """Return the scale of the ratings of a table in CSV: it is read once more for that."""
        with self._parts.open(name) as raw:
            if raw.peek(4).startswith(_PARQUET):
                return RatingScale()
            stream: Stream = io.BufferedReader(Utf8Stream(raw), _HEAD_BYTES)
            found = detect_columns(stream.peek(_HEAD_BYTES).decode(errors="replace"))
            if found is None or found[0].rating_place is None:
                return RatingScale()
            values = rating_values(stream, *found)
            return rating_scale(values, totals=found[0].has_plays)

    def _user_part(self) -> str | None:
        """Return the name of an archive's user.json."""
        if len(self._parts.names) == 1:
            return None
        return next((name for name in self._parts.names if Path(name).name == "user.json"), None)

    def _user(self) -> str | ImportIssue | None:
        """Return the user that an archive's user.json names, or why the name cannot be used."""
        name = self._user_part()
        if name is None or name in self._unread:
            return None
        with self._parts.open(name) as raw:
            found = _USER.search(raw.read(_HEAD_BYTES))
        try:
            text = found[1].decode(errors="replace") if found else "null"
            return read_id(json.loads(text, strict=False), f"user name in {name}")
        except ValueError:
            return None
        except UnusableRow as why:
            return ImportIssue(why.reason, left_out=0)


def open_export(path: Path) -> Export:
    """Recognize the format of a file.

    Raises
    ------
    DatasetError
        The file is missing, empty, a directory, or in no format that segue reads.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        raise DatasetError(
            f"{path} is a directory: name the files in it, or read it as a dataset with segue"
            " preprocess."
        )
    parts = FileParts(path)
    if path.stat().st_size == 0:
        raise DatasetError(f"{path} is empty: export it again.")
    kinds, unread = _kinds_in(parts)
    if not kinds:
        if unread:
            raise DatasetError(f"{path} cannot be used: {next(iter(unread.values()))}.")
        raise DatasetError(f"{path} has an unknown format: give {SUPPORTED}.")
    if "beets" in kinds.values() and not is_beets(path):
        raise DatasetError(
            f"{path} is a database, but not one of beets: name the library.db of beets, or an"
            " export of another kind."
        )
    return Export(path, parts, kinds, unread)


def _kinds_in(parts: FileParts) -> tuple[dict[str, str], dict[str, str]]:
    """Return the kind of each part that can be read, and why others cannot."""
    kinds: dict[str, str] = {}
    unread: dict[str, str] = {}
    for name in parts.names:
        try:
            with parts.open(name) as raw:
                kind = _kind_of(raw)
        except _UnknownFormatError:
            continue
        except READ_ERRORS as error:
            unread[name] = f"{name} cannot be read ({error}): download it again"
            continue
        if kind == "beets" and parts.is_archive:
            unread[name] = f"{name} is a database: unpack it, and import it by itself"
        else:
            kinds[name] = kind
    return kinds, unread


def _kind_of(raw: Stream) -> str:
    start = raw.peek(len(_SQLITE))
    if start.startswith(_SQLITE):
        return "beets"
    if start.startswith(_PARQUET):
        if map_parquet_columns(_seekable(raw)) is None:
            raise _UnknownFormatError
        return "listens"
    stream: Stream = io.BufferedReader(Utf8Stream(raw), _HEAD_BYTES)
    head = stream.peek(_HEAD_BYTES)
    if _is_json(head):
        n_inspected = 0
        for _, value in read_values(stream):
            for found in find_records(value):
                n_inspected += 1
                if found.shape is not None:
                    return SERVICES[found.shape]
                if n_inspected >= _MAX_INSPECTED:
                    raise _UnknownFormatError
        raise _UnknownFormatError
    table = detect_columns(head.decode(errors="replace"))
    if table is None:
        raise _UnknownFormatError
    return table[0].kind


def _is_json(head: bytes) -> bool:
    return head.lstrip()[:1] in (b"{", b"[")


def _of_user(user: str | None, one: ImportRow | ImportIssue) -> ImportRow | ImportIssue:
    """Return a row as one of the archive's user, unless it names its own."""
    if user is not None and isinstance(one, ImportRow) and one.user is None:
        return one._replace(user=user)
    return one


def _read(
    raw: Stream, opinions: PendingOpinions, scale: RatingScale
) -> Iterator[tuple[str, ImportRow | ImportIssue]]:
    if raw.peek(4).startswith(_PARQUET):
        yield from (("listens", one) for one in read_parquet_rows(_seekable(raw)))
        return
    decoded = Utf8Stream(raw)
    stream: Stream = io.BufferedReader(decoded, _HEAD_BYTES)
    head = stream.peek(_HEAD_BYTES)
    kind = "listens"
    if _is_json(head):
        for kind, one in _read_json(stream, opinions):
            yield kind, one
    else:
        found = detect_columns(head.decode(errors="replace"))
        if found is not None:
            kind = found[0].kind
            found[0].scale = scale
            yield from ((kind, one) for one in read_csv_rows(stream, *found))
    if decoded.guessed_line is not None:
        yield kind, ImportIssue(guessed_encoding(decoded.guessed_line), left_out=0)


def _seekable(raw: Stream) -> Any:
    """Return a stream that can be read from its end, where parquet names its columns."""
    return raw if raw.seekable() else io.BytesIO(raw.read())


def _read_json(
    stream: Stream, opinions: PendingOpinions
) -> Iterator[tuple[str, ImportRow | ImportIssue]]:
    kind, number = "listens", 0
    for line, value in read_values(stream):
        if isinstance(value, ImportIssue):
            yield kind, value
            continue
        for shape, record, user in find_records(value):
            number += 1
            if shape is None:
                yield kind, ImportIssue("the record has an unknown format", line or number)
                continue
            kind = SERVICES[shape]
            try:
                row = read_record(shape, record, user)
            except UnusableRow as why:
                yield kind, ImportIssue(why.reason, line or number, expected=why.expected)
                continue
            if shape == "listenbrainz":
                opinions.learn_names(record, row.track)
            elif shape == "feedback" and opinions.hold(record, row, line or number):
                continue
            yield kind, row
