"""Read plays, skips, ratings and likes from the sticker database of MPD (``sticker.db``).

Conventions
-----------
- A sticker is a name and a value for the path of a song, relative to the music directory. myMPD
  keeps `playCount`, `skipCount`, `lastPlayed`, a `rating` from 0 to 10 (0 for none) and `like`: 0
  is a dislike, 1 neutral, 2 a like.
- Tracks are known by their path: see `track_paths`.

Sources: mpd.readthedocs.io, "Stickers"; github.com/jcorporation/myMPD, docs/references/sticker.md.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from segue.ratings import STARS
from segue.sources.history_import.import_row import ImportIssue, ImportRow, UnusableRow
from segue.sources.history_import.sqlite_files import Connection, each_row, usable_rows
from segue.sources.history_import.totals import (
    Counters,
    count,
    known_number,
    last_time,
    opinion,
    total_rows,
)
from segue.sources.history_import.track_paths import track_of_path

REQUIRED = {"sticker": ("type", "uri", "name", "value")}
_QUERY = "SELECT uri, name, value FROM sticker WHERE type = 'song' ORDER BY uri"


def read_stickers(connection: Connection) -> Iterator[ImportRow | ImportIssue]:
    """Yield the totals of every song."""
    for uri, group in groupby(each_row(connection, _QUERY), key=lambda row: row["uri"]):
        stickers = {row["name"]: row["value"] for row in group}
        yield from usable_rows(_totals(uri, stickers))


def _totals(uri: Any, stickers: dict[str, Any]) -> Iterator[ImportRow]:
    track = track_of_path(str(uri))
    if track is None:
        raise UnusableRow("it is a stream, not a file", expected=True)
    rating = known_number(stickers.get("rating"), "rating")
    like = known_number(stickers.get("like"), "like")
    counters = Counters(
        count(stickers.get("playCount"), "playCount"),
        count(stickers.get("skipCount"), "skipCount"),
        opinion(
            STARS.opinion(None if rating is None else rating / 2),
            loved=like == 2,
            disliked=like == 0,
        ),
        last_time(stickers.get("lastPlayed")),
    )
    yield from total_rows(None, track, counters)
