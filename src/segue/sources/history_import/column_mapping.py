"""Map the columns of a table of listens to the fields of import rows, and read its rows.

Conventions
-----------
- Columns are found by name, in any order (`LISTEN_ALIASES`); unknown ones are ignored. A table
  without a header is read if it has the four columns of lastfm-to-csv: artist, album, title, date.
- A row whose ids, `plays`, `ms_played`, `rating`, `loved` or `split` cannot be parsed is left out;
  a bad `position` or `skipped` is unknown.
- Rows with plays or a rating and neither time nor position are totals.
- Ratings are on the scale of their table (`rating_values`, `segue.ratings`). `loved` is a like
  where there is no rating; a row that says nothing else is an opinion and no play. A Last.fm table
  without a column of albums lists loved tracks, which are no plays.
- Row numbers, and quotes that are never closed: see `segue.sources.tables.csv_records`.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from segue.ratings import LIKED, RatingScale, rating_scale
from segue.sources.history_import.import_row import (
    NO_TIME,
    ImportIssue,
    ImportRow,
    UnusableRow,
    read_id,
    read_name,
    read_timestamp,
    require_track,
)
from segue.sources.history_import.opinions import opinion_row
from segue.sources.tables.columns import (
    LISTEN_ALIASES,
    SEPARATORS,
    find_columns,
    plain_name,
    separator_of,
    split_line,
)
from segue.sources.tables.csv_records import read_records, too_long
from segue.sources.tables.decoding import Stream
from segue.sources.tables.values import RULES, read_number, read_split, read_truth, whole_number
from segue.types import TrackReference

Value = TypeVar("Value")
_WITHOUT_HEADER = ("artist", "album", "title", "timestamp")
_LOVED_COLUMNS = frozenset({"uts", "artist_mbid", "track_mbid"})
_LAST_FM_COLUMNS = frozenset({"uts", "utc_time", "track_mbid", "artist_mbid"})
# a table of tracks has names too, and may have a date and a rating; only listens have these
_ONLY_LISTENS = frozenset(
    {
        *(*LISTEN_ALIASES["user_id"], *LISTEN_ALIASES["timestamp"], *LISTEN_ALIASES["plays"]),
        *("position", "ms_played", "skipped"),
    }
) - {"date"}
_LISTENS_OR_TRACKS = frozenset({"date", "rating", *LISTEN_ALIASES["loved"]})
_ONLY_TRACKS = frozenset({"path", "features", "file", "filename", "genre", "genres", "lyrics"})
_MAX_INSPECTED = 50  # lines, to find a date in a table without a header
_ENDED = ("completed", "recommended", "private")
_MAX_RATINGS = 10_000
"""Different ratings that are looked at to find a scale."""
_MAX_RECORD_LINES = 20  # a quote that is never closed takes more


class ColumnMapping:
    """The place of each field in the rows of one table, and the format they come from."""

    def __init__(
        self,
        kind: str,
        places: Mapping[str, int],
        width: int,
        *,
        has_header: bool,
        lists_loved: bool = False,
    ) -> None:
        self.kind = kind
        self.width = width
        self.has_header = has_header
        self.scale = RatingScale()
        self.has_plays = "plays" in places
        self.rating_place = places.get("rating")
        self._lists_loved = lists_loved
        self._names_users = "user_id" in places
        self._says_skips = "skipped" in places
        # a column that is not there is the cell after the last
        self._places = [places.get(name, width) for name in LISTEN_ALIASES]

    def read(self, cells: Sequence[Any], number: int) -> ImportRow | ImportIssue:
        """Return a row, or the reason why it is left out."""
        try:
            return self._parse(cells)
        except UnusableRow as why:
            return ImportIssue(why.reason, number, expected=why.expected)

    def _parse(self, cells: Sequence[Any]) -> ImportRow:
        padded = [*cells, *[None] * (self.width + 1 - len(cells))]
        (user, track_id, recording, isrc, artist, title, album, stated, *values) = (
            padded[place] for place in self._places
        )
        user_id = read_id(whole_number(user), "user id")
        if self._names_users and user_id is None:
            raise UnusableRow("the user id is empty")
        track = TrackReference(
            read_id(whole_number(track_id), "track id"),
            read_id(recording, "recording id"),
            read_id(isrc, "ISRC"),
            read_name(artist),
            read_name(title),
            read_name(album),
        )
        timestamp = read_timestamp(stated)
        if self._lists_loved:
            return opinion_row(user_id, require_track(track), timestamp)
        if self.kind == "lastfm" and timestamp is None:
            raise UnusableRow("it is playing now and is not a listen yet", expected=True)
        position, plays, ms_played, rating, loved, skipped, *ended, split = values
        row = ImportRow(
            user_id,
            require_track(track),
            timestamp,
            _or_unknown(_number, position, "position", 0.0),
            _number(plays, "plays", 0.0),
            _number(ms_played, "ms_played", 0.0),
            self.scale.opinion(_number(rating, "rating")),
            _or_unknown(_checked, "skipped", read_truth, skipped),
        )
        if any(cell not in (None, "") for cell in ended):
            read = [
                _or_unknown(_checked, name, read_truth, cell)
                for name, cell in zip(_ENDED, ended, strict=True)
            ]
            row = row._replace(completed=read[0], recommended=read[1], private=read[2])
        if self._says_skips and row.skipped is None and row.ms_played is not None:
            row = row._replace(skipped=False)
        if split:
            row = row._replace(split=_checked("split", read_split, split))
        if loved not in (None, ""):
            row = _with_opinion(row, _checked("loved", read_truth, loved))
        if timestamp is None and row.position is None:
            return row._replace(total=row.plays is not None or row.rating is not None)
        return row


def map_columns(names: Iterable[Any]) -> ColumnMapping | None:
    """Return the mapping of a header, None if the table has no listens."""
    header = list(map(str, names))
    plain = set(map(plain_name, header))
    places = find_columns(header, LISTEN_ALIASES)
    by_name = "artist" in places and "title" in places
    if not by_name and "track_id" not in places and "recording" not in places:
        return None
    if not _ONLY_LISTENS & plain and (_ONLY_TRACKS & plain or not _LISTENS_OR_TRACKS & plain):
        return None
    kind = "lastfm" if by_name and _LAST_FM_COLUMNS & plain else "listens"
    lists_loved = kind == "lastfm" and "album" not in places and plain >= _LOVED_COLUMNS
    return ColumnMapping(kind, places, len(header), has_header=True, lists_loved=lists_loved)


def detect_columns(head: str) -> tuple[ColumnMapping, str] | None:
    r"""Return the mapping and the separator of CSV text by its first lines; None if it has none.

    >>> mapping, separator = detect_columns("user_id;track_id\n1;2\n")
    >>> mapping.kind, separator
    ('listens', ';')
    """
    lines = [line for line in head.splitlines()[:_MAX_INSPECTED] if line.strip()]
    if not lines:
        return None
    separator = separator_of(lines[0], LISTEN_ALIASES)
    found = map_columns(split_line(lines[0], separator))
    if found is not None:
        return found, separator
    places = {name: place for place, name in enumerate(_WITHOUT_HEADER)}
    for separator in SEPARATORS:
        rows = [split_line(line, separator) for line in lines]
        if any(len(row) == 4 and read_timestamp(row[3]) not in (None, NO_TIME) for row in rows):
            return ColumnMapping("lastfm", places, 4, has_header=False), separator
    return None


def map_parquet_columns(stream: Any) -> ColumnMapping | None:
    """Return the mapping of a parquet file; None if it has no listens or is damaged."""
    # pyarrow takes as much memory as all the rest: it is loaded for parquet only
    from pyarrow import parquet

    try:
        return map_columns(parquet.read_schema(stream).names)
    except (ValueError, OSError):  # pyarrow's errors are among these
        return None


def read_csv_rows(
    stream: Stream, mapping: ColumnMapping, separator: str
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
            yield mapping.read(cells, number) if reason is None else ImportIssue(reason, number)


def rating_values(stream: Stream, mapping: ColumnMapping, separator: str) -> set[float]:
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


def read_parquet_rows(stream: Any) -> Iterator[ImportRow | ImportIssue]:
    """Yield the rows of a parquet file."""
    from pyarrow import parquet

    number = 1
    try:
        with parquet.ParquetFile(stream) as file:
            mapping = map_columns(file.schema_arrow.names)
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
                    yield mapping.read(cells, number)
    except (ValueError, OSError) as error:
        yield ImportIssue(f"cannot be read further ({error}): earlier rows are kept", left_out=0)


def _with_opinion(row: ImportRow, loved: bool | None) -> ImportRow:
    """Return a row with its `loved` as a rating, if it has none."""
    if loved is None or row.rating is not None:
        return row
    facts = (row.timestamp, row.position, row.plays, row.ms_played, row.skipped)
    is_listen = any(fact is not None for fact in facts)
    if not loved:
        return row if is_listen else row._replace(plays=0.0)
    # a row with nothing but a rating counts as no play
    plays = 1.0 if is_listen and row.plays is None else row.plays
    return row._replace(rating=LIKED, plays=plays)


def _number(value: Any, name: str, lowest: float = float("-inf")) -> float | None:
    if value is None or value == "" or value != value:  # noqa: PLR0124  # NaN: unknown in parquet
        return None
    return _checked(name, read_number, value, lowest)


def _checked(name: str, read: Callable[..., Value], *arguments: Any) -> Value:
    """Return the value of a cell.

    Raises
    ------
    UnusableRow
        The cell cannot be parsed.
    """
    try:
        return read(*arguments)
    except ValueError:
        raise UnusableRow(f"{name} is not {RULES[name]}") from None


def _or_unknown(read: Callable[..., Value | None], *arguments: Any) -> Value | None:
    try:
        return read(*arguments)
    except UnusableRow:
        return None
