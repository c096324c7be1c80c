"""Map the columns of a table of listens to the fields of an import row, by the first lines.

Conventions
-----------
- Columns are found by name, in any order (`LISTEN_ALIASES`); unknown ones are ignored. A table
  without a header is read if it has the four columns of lastfm-to-csv: artist, album, title, date.
- A row whose ids, `plays`, `ms_played`, `rating`, `loved` or `split` cannot be parsed is left out;
  a bad `position` or `skipped` is unknown.
- Rows with plays or a rating and neither time nor position are totals.
- `loved` is the highest rating where there is none; a row that says nothing else is an opinion and
  no play. A Last.fm table without a column of albums lists loved tracks, which are no plays.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from segue.sources.history_import.import_row import (
    NO_TIME,
    Heard,
    Unusable,
    check_named,
    read_id,
    read_name,
    read_when,
)
from segue.sources.history_import.opinions import LIKED, liked
from segue.sources.tables.columns import (
    LISTEN_ALIASES,
    SEPARATORS,
    find_columns,
    plain_name,
    separator_of,
    split_line,
)
from segue.sources.tables.values import RULES, read_number, read_split, read_truth
from segue.types import Sought

Value = TypeVar("Value")
_WITHOUT_HEADER = ("artist", "album", "title", "timestamp")
_LOVED_COLUMNS = frozenset({"uts", "artist_mbid", "track_mbid"})
_LAST_FM_COLUMNS = frozenset({"uts", "utc_time", "track_mbid", "artist_mbid"})
# a table of tracks names tracks too, and may have a date and a rating; these only listens have
_OF_LISTENS = frozenset(
    {
        *(*LISTEN_ALIASES["user_id"], *LISTEN_ALIASES["timestamp"], *LISTEN_ALIASES["plays"]),
        *("position", "ms_played", "skipped"),
    }
) - {"date"}
_OF_EITHER = frozenset({"date", "rating", *LISTEN_ALIASES["loved"]})
_OF_TRACKS = frozenset({"path", "features", "file", "filename", "genre", "genres", "lyrics"})
_LOOKED_AT = 50  # records, before a table without a header is given up


class Layout:
    """Which cell of a row holds what."""

    def __init__(
        self,
        kind: str,
        places: Mapping[str, int],
        width: int,
        *,
        header: bool,
        loved: bool = False,
    ) -> None:
        self.kind = kind
        self.loved = loved
        self.width = width
        self.header = header
        self.names_listeners = "user_id" in places
        self._places = [
            places.get(name, width) for name in LISTEN_ALIASES
        ]  # the cell after the last

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
        if self.loved:
            return liked(user_id, check_named(sought), when)
        if self.kind == "lastfm" and when is None:
            raise Unusable("it plays now: it has no time", expected=True)
        position, plays, ms_played, rating, loves, skipped, split = values
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
            heard = heard._replace(split=_checked("split", read_split, split))
        if loves not in (None, ""):
            heard = _with_opinion(heard, loves)
        if when is None and heard.position is None:
            return heard._replace(total=heard.plays is not None or heard.rating is not None)
        return heard


def _with_opinion(heard: Heard, loves: Any) -> Heard:
    """Return a row with what its cell `loved` says; alone, it is an opinion and no listen."""
    loved = _checked("loved", read_truth, loves)
    if loved is None or heard.rating is not None:
        return heard
    said = (heard.when, heard.position, heard.plays, heard.ms_played, heard.skipped)
    is_listen = said != (None,) * len(said)
    if not loved:
        return heard if is_listen else heard._replace(plays=0.0)
    # a row with nothing but a rating counts as no play
    plays = 1.0 if is_listen and heard.plays is None else heard.plays
    return heard._replace(rating=LIKED, plays=plays)


def layout_of(names: Iterable[Any]) -> Layout | None:
    """Return what a header's names say, None where they are none of listens."""
    header = list(map(str, names))
    plain = list(map(plain_name, header))
    places = find_columns(header, LISTEN_ALIASES)
    by_name = "artist" in places and "title" in places
    if not by_name and "track_id" not in places and "recording" not in places:
        return None
    if not _OF_LISTENS & set(plain) and (_OF_TRACKS & set(plain) or not _OF_EITHER & set(plain)):
        return None
    kind = "lastfm" if by_name and _LAST_FM_COLUMNS & set(plain) else "listens"
    loved = kind == "lastfm" and "album" not in places and set(plain) >= _LOVED_COLUMNS
    return Layout(kind, places, len(plain), header=True, loved=loved)


def layout_of_text(head: str) -> tuple[Layout, str] | None:
    r"""Return the layout of a CSV text and its separator, by its first lines; None if it has none.

    >>> layout, separator = layout_of_text("user_id;track_id\n1;2\n")
    >>> layout.kind, separator
    ('listens', ';')
    """
    lines = [line for line in head.splitlines()[:_LOOKED_AT] if line.strip()]
    if not lines:
        return None
    separator = separator_of(lines[0], LISTEN_ALIASES)
    found = layout_of(split_line(lines[0], separator))
    if found is not None:
        return found, separator
    places = {name: place for place, name in enumerate(_WITHOUT_HEADER)}
    for separator in SEPARATORS:
        rows = [split_line(line, separator) for line in lines]
        if any(len(row) == 4 and read_when(row[3]) not in (None, NO_TIME) for row in rows):
            return Layout("lastfm", places, 4, header=False), separator
    return None


def _whole(value: Any) -> Any:
    """Return an id that a table holds as a float without its ``.0``."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _number(value: Any, name: str, lowest: float = float("-inf")) -> float | None:
    if value is None or value == "" or value != value:  # noqa: PLR0124  # NaN: unknown in parquet
        return None
    return _checked(name, read_number, value, lowest)


def _checked(name: str, read: Callable[..., Value], *arguments: Any) -> Value:
    """Return what a cell of a column says.

    Raises
    ------
    Unusable
        If the cell cannot be parsed.
    """
    try:
        return read(*arguments)
    except ValueError:
        raise Unusable(f"{name} is not {RULES[name]}") from None


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
