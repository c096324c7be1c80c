"""Listens as tables: the exchange layout's listens.csv and listens.parquet, Last.fm's as CSV.

Conventions
-----------
- Columns are known by name, in any order (`COLUMNS`); those that are unknown are passed over. A
  table without a header is one when it has the four columns of lastfm-to-csv: artist, album, title,
  date.
- Records are numbered as in `segue.sources.table`: the header is row 1.
- A row whose ids, `plays`, `ms_played`, `rating` or `split` cannot be used is left out; a bad
  `position` or `skipped` is unknown.
- Rows with plays or a rating and neither time nor position are totals.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from segue.sources.cleaning.text import clean_text
from segue.sources.exports.heard import (
    NO_TIME,
    Heard,
    Remark,
    Unusable,
    check_named,
    read_id,
    read_name,
    read_when,
)
from segue.sources.exports.streams import Stream
from segue.sources.exports.values import read_number, read_truth
from segue.sources.tracks import read_split
from segue.types import Sought

# our name: the names of columns, the first that is there counts
COLUMNS: dict[str, tuple[str, ...]] = {
    "user_id": ("user_id", "userid", "user", "user_name", "username", "listener"),
    "track_id": ("track_id", "trackid"),
    "recording": (
        *("recording_mbid", "musicbrainz_recording_id", "musicbrainz_trackid", "mb_trackid"),
        *("track_mbid", "mbid"),
    ),
    "isrc": ("isrc",),
    "artist": ("artist", "artist_name", "artists"),
    "title": ("title", "track", "track_name", "name", "song", "song_title"),
    "album": ("album", "album_name", "release_name"),
    "when": ("uts", "timestamp", "listened_at", "played_at", "time", "utc_time", "date"),
    "position": ("position",),
    "plays": ("plays", "play_count", "playcount"),
    "ms_played": ("ms_played",),
    "rating": ("rating",),
    "skipped": ("skipped",),
    "split": ("split",),
}
_WITHOUT_HEADER = ("artist", "album", "title", "when")
_LAST_FM_COLUMNS = frozenset({"uts", "utc_time", "track_mbid", "artist_mbid"})
# a table of tracks names tracks too, and may have a date and a rating; these only listens have
_OF_LISTENS = frozenset(
    {*COLUMNS["user_id"], *COLUMNS["when"], *COLUMNS["plays"], "position", "ms_played", "skipped"}
) - {"date"}
_OF_TRACKS = frozenset({"path", "features", "file", "filename", "genre", "genres", "lyrics"})
_LOOKED_AT = 50  # records, before a table without a header is given up
_MOST_LINES = 20  # of one record: nobody's titles have more, a quote that never closes has


class Layout:
    """Which cell of a row holds what."""

    def __init__(self, kind: str, places: Mapping[str, int], width: int, *, header: bool) -> None:
        self.kind = kind
        self.width = width
        self.header = header
        self.names_listeners = "user_id" in places
        self._places = [places.get(name, width) for name in COLUMNS]  # the cell after the last

    def read(self, cells: Sequence[Any]) -> Heard:
        """Return what a row says.

        Raises
        ------
        Unusable
            If it says nothing that counts.
        """
        row = [*cells, *[None] * (self.width + 1 - len(cells))]
        (user, track, recording, isrc, artist, title, album, stated, *values) = (
            row[place] for place in self._places
        )
        user_id = read_id(_whole(user), "user id")
        if self.names_listeners and user_id is None:
            raise Unusable("the user id is empty")
        sought = Sought(
            read_id(_whole(track), "track id"),
            read_id(recording, "recording id"),
            read_id(isrc, "ISRC"),
            read_name(artist),
            read_name(title),
            read_name(album),
        )
        when = read_when(stated)
        if self.kind == "lastfm" and when is None:
            raise Unusable("it plays now: it has no time", expected=True)
        position, plays, ms_played, rating, skipped, split = values
        heard = Heard(
            user_id,
            check_named(sought),
            when,
            _known_or_not(position),
            _number(plays, "plays", 0.0),
            _number(ms_played, "ms_played", 0.0),
            _number(rating, "rating"),
            _truth(skipped),
        )
        if split:
            part, reason = read_split(str(split))
            if reason is not None:
                raise Unusable(reason)
            heard = heard._replace(split=part)
        if when is None and heard.position is None:
            return heard._replace(total=heard.plays is not None or heard.rating is not None)
        return heard


def layout_of(names: Iterable[Any]) -> Layout | None:
    """Return what a header's names say, None where they are none of listens."""
    plain = [clean_text(str(name)).casefold().replace(" ", "_").replace("-", "_") for name in names]
    places = {
        ours: next(plain.index(name) for name in theirs if name in plain)
        for ours, theirs in COLUMNS.items()
        if any(name in plain for name in theirs)
    }
    by_name = "artist" in places and "title" in places
    if not by_name and "track_id" not in places and "recording" not in places:
        return None
    if not _OF_LISTENS & set(plain) and (
        _OF_TRACKS & set(plain) or not {"date", "rating"} & set(plain)
    ):
        return None
    kind = "lastfm" if by_name and _LAST_FM_COLUMNS & set(plain) else "listens"
    return Layout(kind, places, len(plain), header=True)


def layout_of_text(head: str) -> tuple[Layout, str] | None:
    r"""Return the layout of a CSV text and its separator, by its first lines; None if it has none.

    >>> layout, separator = layout_of_text("user_id;track_id\n1;2\n")
    >>> layout.kind, separator
    ('listens', ';')
    """
    lines = [line for line in head.splitlines()[:_LOOKED_AT] if line.strip()]
    if not lines:
        return None
    for separator in ",;\t":
        found = layout_of(_cells(lines[0], separator))
        if found is not None:
            return found, separator
    places = {name: place for place, name in enumerate(_WITHOUT_HEADER)}
    for separator in ",;\t":
        rows = [_cells(line, separator) for line in lines]
        if any(len(row) == 4 and read_when(row[3]) not in (None, NO_TIME) for row in rows):
            return Layout("lastfm", places, 4, header=False), separator
    return None


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def read_rows(stream: Stream, layout: Layout, separator: str) -> Iterator[Heard | Remark]:
    """Give the listens of a CSV text in UTF-8."""
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", errors="replace")
    records = _records(text, separator)
    number = 0
    for number, cells in enumerate(records, start=1):
        if (number == 1 and layout.header) or cells == []:
            continue
        if cells is None:
            yield Remark("a quote is opened in this row and never closed", number)
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


def _records(text: Iterable[str], separator: str) -> Iterator[list[str] | None]:
    """Give the records of a CSV text; None for a line whose quote swallows all that follows."""
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
            yield None
        else:
            yield cells


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


def _whole(value: Any) -> Any:
    """Return an id that a table holds as a float without its ``.0``."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any, name: str, lowest: float = float("-inf")) -> float | None:
    if value is None or value == "" or value != value:  # noqa: PLR0124  # NaN: unknown in parquet
        return None
    try:
        return read_number(value, lowest)
    except ValueError:
        rule = "a number from 0" if lowest == 0 else "a number"
        raise Unusable(f"{name} is not {rule}") from None


def _known_or_not(value: Any) -> float | None:
    try:
        return _number(value, "position", 0.0)
    except Unusable:
        return None


def _truth(value: Any) -> bool | None:
    try:
        return read_truth(value)
    except ValueError:
        return None
