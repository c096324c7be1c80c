"""Turn the counters that players keep for each track into import rows.

A track gives at most two totals: its plays, with the opinion of its listener, and its skips. Tracks
without plays, skips and opinion give none. An opinion without plays is no play.

Players do not say when a rating was given. So a total with one has no time: that of the last play
would make a star of years ago newer than the dislike that followed it.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from segue.ratings import DISLIKED, LIKED
from segue.sources.history_import.import_row import MIN_TIME, ImportRow, UnusableRow
from segue.sources.history_import.import_row import require_track as require
from segue.sources.tables.values import read_number, read_time
from segue.types import TrackReference

_WINDOWS_EPOCH = 11_644_473_600.0  # seconds from 1601 to 1970


class Counters(NamedTuple):
    """What a player knows of one track: `rating` is an opinion in [-1, 1]."""

    plays: float = 0.0
    skips: float = 0.0
    rating: float | None = None
    last_played: float | None = None


def total_rows(user: str | None, track: TrackReference, counters: Counters) -> Iterator[ImportRow]:
    """Yield the totals of one track.

    Raises
    ------
    UnusableRow
        There are counters, and the track has neither a title nor an id.
    """
    plays, skips, rating, last_played = counters
    if not plays and not skips and rating is None:
        return
    require(track)
    if plays or rating is not None:
        at = last_played if rating is None else None
        yield ImportRow(user, track, at, plays=plays or None, rating=rating, total=True)
    if skips:
        yield ImportRow(user, track, None, plays=skips, skipped=True, total=True)


def opinion(rating: float | None, *, loved: bool = False, disliked: bool = False) -> float | None:
    """Return the opinion of a listener; love and dislike are the ends of every scale.

    >>> opinion(0.5), opinion(0.5, loved=True), opinion(None, disliked=True)
    (0.5, 1.0, -1.0)
    """
    if disliked:
        return DISLIKED
    return LIKED if loved else rating


def count(value: Any, name: str) -> float:
    """Return a counter, 0 where there is none; -1 is "none", too.

    Raises
    ------
    UnusableRow
        It is no number.
    """
    return max(known_number(value, name) or 0.0, 0.0)


def known_number(value: Any, name: str) -> float | None:
    """Return a number, None where there is none.

    Raises
    ------
    UnusableRow
        It is no number.
    """
    try:
        return read_number(value)
    except ValueError:
        raise UnusableRow(f"{name} is not a number") from None


def last_time(value: Any) -> float | None:
    """Return the time of the last play; None where it is unknown: a total counts without it."""
    try:
        found = read_time(value)
    except (ValueError, OverflowError):
        return None
    return found if found is not None and found >= MIN_TIME else None


def windows_time(value: Any) -> float | None:
    """Return the time of a count of 100 nanoseconds since 1601.

    >>> windows_time("132444736000000000")
    1600000000.0
    """
    try:
        ticks = read_number(value, 0.0)
    except ValueError:
        return None
    return last_time(ticks / 1e7 - _WINDOWS_EPOCH) if ticks else None
