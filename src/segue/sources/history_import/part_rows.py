"""Read the rows of one part of an export, after what must be known of the part beforehand."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from segue.ratings import RatingScale, rating_scale
from segue.sources.history_import.apple_music import DAILY, AppleMapping, daily_totals
from segue.sources.history_import.column_mapping import NO_COLUMNS
from segue.sources.history_import.import_row import ImportIssue, ImportRow, UnusableRow
from segue.sources.history_import.json_records import SERVICES, find_records, read_record
from segue.sources.history_import.json_values import read_values
from segue.sources.history_import.opinions import PendingOpinions
from segue.sources.history_import.scrobbler_log import START, read_scrobbler_log
from segue.sources.history_import.table_detection import detect_columns
from segue.sources.history_import.table_rows import (
    map_parquet_columns,
    rating_values,
    read_csv_rows,
    read_parquet_rows,
)
from segue.sources.history_import.xml_libraries import read_xml_library, xml_kind
from segue.sources.history_import.youtube import (
    TitleSentence,
    read_watch,
    sentence_around,
    sentence_of,
)
from segue.sources.tables.decoding import Stream, Utf8Stream, guessed_encoding

HEAD_BYTES = 1 << 16
PARQUET = b"PAR1"
_MAX_TITLES = 500
"""Titles of YouTube that are compared to find the sentence around them."""
_USER = re.compile(rb'"user(?:_?name)?"\s*:\s*("(?:[^"\\]|\\.)*")')


class PartHints(NamedTuple):
    """What must be known of a part before its rows are read.

    `columns` are chosen by the caller, `scale` is that of the ratings of a table, `sentence` that
    around the titles of YouTube, `user` the name that the part states once.
    """

    columns: Mapping[str, str] = NO_COLUMNS
    scale: RatingScale = RatingScale()
    sentence: TitleSentence = TitleSentence()
    user: str | None = None


def hints_of(kind: str, raw: Stream, columns: Mapping[str, str]) -> PartHints:
    """Return what must be known of a part of this kind: a table with ratings is read to its end."""
    hints = PartHints(columns)
    if kind == "listens":
        return hints._replace(scale=_rating_scale(raw, columns))
    if kind == "youtube":
        return hints._replace(sentence=sentence_around(_titles(raw)))
    if kind == "koito":
        return hints._replace(user=named_user(raw.peek(HEAD_BYTES)))
    return hints


def read_part(
    raw: Stream, opinions: PendingOpinions, hints: PartHints
) -> Iterator[tuple[str, ImportRow | ImportIssue]]:
    """Yield the rows and issues of a part, each with its kind."""
    if raw.peek(4).startswith(PARQUET):
        mapping = map_parquet_columns(seekable(raw), hints.columns) if raw.seekable() else None
        kind = "listens" if mapping is None else mapping.kind
        if raw.seekable():
            raw.seek(0)
        yield from ((kind, one) for one in read_parquet_rows(seekable(raw), hints.columns))
        return
    decoded = Utf8Stream(raw)
    stream: Stream = io.BufferedReader(decoded, HEAD_BYTES)
    kind = "listens"
    for kind, one in _read_text(stream, opinions, hints):
        yield kind, one
    if decoded.guessed_line is not None:
        yield kind, ImportIssue(guessed_encoding(decoded.guessed_line), left_out=0)


def _read_text(
    stream: Stream, opinions: PendingOpinions, hints: PartHints
) -> Iterator[tuple[str, ImportRow | ImportIssue]]:
    head = stream.peek(HEAD_BYTES)
    library = xml_kind(head)
    if is_json(head):
        yield from _read_json(stream, opinions, hints)
    elif head.startswith(START):
        yield from (("rockbox", one) for one in read_scrobbler_log(stream))
    elif library is not None:
        yield from ((library, one) for one in read_xml_library(stream, library))
    else:
        found = detect_columns(head.decode(errors="replace"), hints.columns)
        if found is not None:
            mapping, separator = found
            mapping.scale = hints.scale
            rows = read_csv_rows(stream, mapping, separator)
            if isinstance(mapping, AppleMapping) and mapping.table == DAILY:
                rows = daily_totals(rows)
            yield from ((mapping.kind, one) for one in rows)


def seekable(raw: Stream) -> Any:
    """Return a stream that can be read from its end, where parquet names its columns."""
    return raw if raw.seekable() else io.BytesIO(raw.read())


def _read_json(
    stream: Stream, opinions: PendingOpinions, hints: PartHints
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
                if shape == "youtube":
                    row = read_watch(record, hints.sentence)
                else:
                    row = read_record(shape, record, user or hints.user)
            except UnusableRow as why:
                yield kind, ImportIssue(why.reason, line or number, expected=why.expected)
                continue
            if shape == "listenbrainz":
                opinions.learn_names(record, row.track)
            elif shape == "feedback" and opinions.hold(record, row, line or number):
                continue
            yield kind, row


def is_json(head: bytes) -> bool:
    """Return whether a text is JSON by its start."""
    return head.lstrip()[:1] in (b"{", b"[")


def named_user(head: bytes) -> str | None:
    """Return the user that the start of a JSON text names."""
    found = _USER.search(head)
    try:
        name = json.loads(found[1].decode(errors="replace"), strict=False) if found else None
    except ValueError:
        return None
    return name if isinstance(name, str) else None


def _titles(raw: Stream) -> Iterator[str]:
    """Yield the first titles of a history of YouTube Music; there may be videos before them."""
    stream: Stream = io.BufferedReader(Utf8Stream(raw), HEAD_BYTES)
    records = (value for _, value in read_values(stream) if isinstance(value, dict))
    titles = (title for record in records if (title := sentence_of(record)) is not None)
    yield from islice(titles, _MAX_TITLES)


def _rating_scale(raw: Stream, columns: Mapping[str, str]) -> RatingScale:
    """Return the scale of the ratings of a table in CSV."""
    if raw.peek(4).startswith(PARQUET):
        return RatingScale()
    stream: Stream = io.BufferedReader(Utf8Stream(raw), HEAD_BYTES)
    found = detect_columns(stream.peek(HEAD_BYTES).decode(errors="replace"), columns)
    if found is None or found[0].rating_place is None:
        return RatingScale()
    return rating_scale(rating_values(stream, *found), totals=found[0].has_plays)
