"""What a file is, by its content, and its listens one after the other."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from segue.errors import DatasetError
from segue.sources.history_import.archives import STOPPED, Parts
from segue.sources.history_import.column_mapping import layout_of_text
from segue.sources.history_import.import_row import Heard, Remark, Unusable, read_id
from segue.sources.history_import.json_records import SERVICES, read_record, records_in
from segue.sources.history_import.json_values import cut_short, values_in
from segue.sources.history_import.opinions import Opinions
from segue.sources.history_import.rows import layout_of_parquet, read_parquet, read_rows
from segue.sources.history_import.totals import read_item
from segue.sources.tables.decoding import Stream, Utf8Stream, guessed_encoding

NAMES: Mapping[str, str] = {
    "listens": "listens table",
    "listenbrainz": "ListenBrainz",
    "lastfm": "Last.fm",
    "spotify": "Spotify",
    "beets": "beets",
}
"""What people call the kinds of exports."""

UNDERSTOOD = (
    "a table of listens (CSV or parquet with user_id and track_id, or artist and title),"
    " a ListenBrainz, Last.fm or Spotify export, also zipped, or the library.db of beets"
)
_SQLITE, _PARQUET = b"SQLite format 3\x00", b"PAR1"
_HEAD = 1 << 16
_LOOKED_AT = 50  # records, before a JSON file is given up
_USER = re.compile(rb'"user(?:_?name)?"\s*:\s*("(?:[^"\\]|\\.)*")')


class _NotUnderstood(Exception):  # noqa: N818  # an answer
    """A part holds nothing that is known."""


class Export:
    """A file of listens whose format is known.

    `kind` is one of `NAMES`; of an archive with several, that of the first.
    """

    def __init__(
        self, path: Path, parts: Parts, kinds: Mapping[str, str], unread: Mapping[str, str]
    ) -> None:
        self.path = path
        self.kind = next(iter(kinds.values()))
        self._parts = parts
        self._kinds = kinds
        self._unread = unread

    @property
    def size(self) -> int:
        """Bytes, as the file lies there."""
        return self.path.stat().st_size

    @property
    def position(self) -> int:
        """How many of these bytes have been read by now."""
        return self._parts.position()

    @property
    def is_database(self) -> bool:
        """Whether it is a database, which others read: see `listens_of`."""
        return self.kind == "beets"

    def listens(self) -> Iterator[tuple[str, Heard | Remark]]:
        """Give each listen and its kind, and a remark for what could not be used."""
        for reason in self._unread.values():
            yield self.kind, Remark(reason, left_out=0)
        known = {*self._kinds, *self._unread, self._user_part()}
        passed_over = [name for name in self._parts.names if name not in known]
        if passed_over:
            more = f" and {len(passed_over) - 1} more" if passed_over[1:] else ""
            yield self.kind, Remark(f"{passed_over[0]}{more}: no listens in it", left_out=0)
        user = self._user()
        if isinstance(user, Remark):
            yield self.kind, user
            user = None
        last = self.kind
        opinions = Opinions()
        for name, kind in self._kinds.items():
            last = kind
            try:
                with self._parts.open(name) as raw:
                    for last, one in _read(raw, opinions):
                        yield last, _of(user, one)
            except STOPPED as error:
                yield last, cut_short(name, error)
        yield from (("listenbrainz", _of(user, one)) for one in opinions.told())

    def listens_of(
        self, items: Iterator[Mapping[str, Any]]
    ) -> Iterator[tuple[str, Heard | Remark]]:
        """Give what the items of a database say, and a remark where it ends too early."""
        try:
            for item in items:
                try:
                    for heard in read_item(item):
                        yield self.kind, heard
                except Unusable as why:
                    yield self.kind, Remark(why.reason, expected=why.expected)
        except DatasetError as error:
            yield self.kind, Remark(str(error), left_out=0)

    def _user_part(self) -> str | None:
        """Return the name of an archive's user.json."""
        if len(self._parts.names) == 1:
            return None
        return next((name for name in self._parts.names if Path(name).name == "user.json"), None)

    def _user(self) -> str | Remark | None:
        """Return the listener that an archive's user.json names, or why that cannot be used."""
        name = self._user_part()
        if name is None or name in self._unread:
            return None
        with self._parts.open(name) as raw:
            found = _USER.search(raw.read(_HEAD))
        try:
            text = found[1].decode(errors="replace") if found else "null"
            return read_id(json.loads(text, strict=False), f"user name in {name}")
        except ValueError:
            return None
        except Unusable as why:
            return Remark(why.reason, left_out=0)


def open_export(path: Path) -> Export:
    """Say what a file is. Databases are known by their first bytes alone.

    Raises
    ------
    DatasetError
        It is not there, empty, a directory, or of no format that is understood.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        raise DatasetError(
            f"{path} is a directory: name the files in it, or take it in as a dataset with segue"
            " preprocess."
        )
    parts = Parts(path)
    if path.stat().st_size == 0:
        raise DatasetError(f"{path} is empty: export it again.")
    kinds, unread = _kinds_in(parts)
    if not kinds:
        if unread:
            raise DatasetError(f"{path} cannot be used: {next(iter(unread.values()))}.")
        raise DatasetError(f"{path} is nothing that segue understands: give it {UNDERSTOOD}.")
    return Export(path, parts, kinds, unread)


def _kinds_in(parts: Parts) -> tuple[dict[str, str], dict[str, str]]:
    """Return the kind of each part that is understood, and why others cannot be read."""
    kinds: dict[str, str] = {}
    unread: dict[str, str] = {}
    for name in parts.names:
        try:
            with parts.open(name) as raw:
                kind = _kind_of(raw)
        except _NotUnderstood:
            continue
        except STOPPED as error:
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
        if layout_of_parquet(_seekable(raw)) is None:
            raise _NotUnderstood
        return "listens"
    stream: Stream = io.BufferedReader(Utf8Stream(raw), _HEAD)
    head = stream.peek(_HEAD)
    if head.lstrip()[:1] in (b"{", b"["):
        looked_at = 0
        for _, value in values_in(stream):
            for found in records_in(value):
                looked_at += 1
                if found.shape is not None:
                    return SERVICES[found.shape]
                if looked_at >= _LOOKED_AT:
                    raise _NotUnderstood
        raise _NotUnderstood
    table = layout_of_text(head.decode(errors="replace"))
    if table is None:
        raise _NotUnderstood
    return table[0].kind


def _of(user: str | None, one: Heard | Remark) -> Heard | Remark:
    """Return a listen as one of the archive's user, unless it says itself whose it is."""
    if user is not None and isinstance(one, Heard) and one.user is None:
        return one._replace(user=user)
    return one


def _read(raw: Stream, opinions: Opinions) -> Iterator[tuple[str, Heard | Remark]]:
    if raw.peek(4).startswith(_PARQUET):
        yield from (("listens", one) for one in read_parquet(_seekable(raw)))
        return
    decoded = Utf8Stream(raw)
    stream: Stream = io.BufferedReader(decoded, _HEAD)
    head = stream.peek(_HEAD)
    kind = "listens"
    if head.lstrip()[:1] in (b"{", b"["):
        for kind, one in _read_json(stream, opinions):
            yield kind, one
    else:
        found = layout_of_text(head.decode(errors="replace"))
        if found is not None:
            kind = found[0].kind
            yield from ((kind, one) for one in read_rows(stream, *found))
    if decoded.guessed_line is not None:
        yield kind, Remark(guessed_encoding(decoded.guessed_line), left_out=0)


def _seekable(raw: Stream) -> Any:
    """Return a stream that can be read from its end, where parquet names its columns."""
    return raw if raw.seekable() else io.BytesIO(raw.read())


def _read_json(stream: Stream, opinions: Opinions) -> Iterator[tuple[str, Heard | Remark]]:
    kind, number = "listens", 0
    for line, value in values_in(stream):
        if isinstance(value, Remark):
            yield kind, value
            continue
        for shape, record, user in records_in(value):
            number += 1
            if shape is None:
                yield kind, Remark("the record is of no format that is known", line or number)
                continue
            kind = SERVICES[shape]
            try:
                heard = read_record(shape, record, user)
            except Unusable as why:
                yield kind, Remark(why.reason, line or number, expected=why.expected)
                continue
            if shape == "listenbrainz":
                opinions.learn(record, heard.sought)
            elif shape == "feedback" and opinions.hold(record, heard, line or number):
                continue
            yield kind, heard
