"""Counts of plays and ratings out of a beets library.

Conventions
-----------
- One item gives at most two totals: how often it was played, with its rating, and how often it was
  skipped. Items that nobody played, skipped or rated say nothing.
- Play counts of several plugins (mpdstats, lastimport, lbimport, plexsync) count the same plays
  from different places: the largest counts.
- Ratings are stars from 0 to 5: `stars` as they are, those of mpdstats (0 to 1) and Plex (0 to 10)
  scaled to them. mpdstats gives 0.5 to what it never saw, which is no rating.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from segue.sources.history_import.import_row import Heard, Unusable, check_named, read_id, read_name
from segue.sources.tables.values import read_number, read_time
from segue.types import Sought

_PLAYS = ("play_count", "lastfm_play_count", "listenbrainz_play_count", "plex_viewcount")
_SKIPS = ("skip_count", "plex_skipcount")
_LAST = ("last_played", "plex_lastviewedat")
_STARS = (("stars", 1.0), ("plex_userrating", 0.5), ("rating", 5.0))


def read_item(item: Mapping[str, Any]) -> Iterator[Heard]:
    """Give what an item says of its listener.

    Raises
    ------
    Unusable
        If it names no track, or a count is no count.
    """
    plays, skips = (max(_numbers(item, names), default=0.0) for names in (_PLAYS, _SKIPS))
    rating = _rating(item, never_met=not plays and not skips)
    if not plays and not skips and rating is None:
        return
    sought = check_named(
        Sought(
            recording=read_id(item.get("mb_trackid"), "recording id"),
            isrc=read_id(item.get("isrc"), "ISRC"),
            artist=read_name(item.get("artist")),
            title=read_name(item.get("title")),
            album=read_name(item.get("album")),
        )
    )
    last = max(_times(item), default=None)
    if plays or rating is not None:
        yield Heard(None, sought, last, plays=plays or None, rating=rating, total=True)
    if skips:
        yield Heard(None, sought, None, plays=skips, skipped=True, total=True)


def _numbers(item: Mapping[str, Any], names: tuple[str, ...]) -> list[float]:
    found = []
    for name in names:
        try:
            number = read_number(item.get(name), 0.0)
        except ValueError:
            raise Unusable(f"{name} is not a number from 0") from None
        if number is not None:
            found.append(number)
    return found


def _times(item: Mapping[str, Any]) -> list[float]:
    found = []
    for name in _LAST:
        try:
            found.append(read_time(item.get(name)))
        except ValueError:
            continue  # when is not what counts here
    return [when for when in found if when]


def _rating(item: Mapping[str, Any], *, never_met: bool) -> float | None:
    for name, stars in _STARS:
        value = max(_numbers(item, (name,)), default=None)
        if value is not None and not (name == "rating" and never_met):
            return min(value * stars, 5.0)
    return None
