"""The rows that an import reads: one listen, total or opinion each, or an issue.

Conventions
-----------
- Ids and names are clean text; an id has at most 256 characters, a name at most 1,000.
- `timestamp` is the start of the listen as the file states it, in seconds since 1970, UTC. It may
  be impossible: a clock that was never set says 1970. `plausible_time` decides.
- A parser raises `UnusableRow` for a row or record that cannot be used; the reader turns it into an
  `ImportIssue` and continues.
"""

from typing import Any, NamedTuple

from segue.sources.tables.values import read_time
from segue.text import clean_id, clean_text
from segue.types import Split, TrackReference

MAX_ID_LENGTH = 256
MAX_NAME_LENGTH = 1_000
MIN_TIME = 631_152_000.0  # 1990-01-01: clocks that were never set start earlier
NO_TIME = 0.0
"""The time of a row whose time cannot be parsed."""
_DAY_SECONDS = 86_400.0


class ImportRow(NamedTuple):
    """One listen, or the `total` of many; `user` is None where the file does not name one.

    `rating` is an explicit opinion in [-1, 1]. `skipped` and `completed` are what the source says
    of the end of the listen (see `segue.listens`).
    """

    user: str | None
    track: TrackReference
    timestamp: float | None = None
    position: float | None = None
    plays: float | None = None
    ms_played: float | None = None
    rating: float | None = None
    skipped: bool | None = None
    completed: bool | None = None
    recommended: bool | None = None
    private: bool | None = None
    split: Split | None = None
    total: bool = False
    session_id: str | None = None


class ImportIssue(NamedTuple):
    """Something that could not be used; `left_out` is the number of listens lost, possibly 0.

    An issue that is `expected`, such as a podcast, is counted and is not a problem.
    """

    reason: str
    row: int | None = None
    subject: str | None = None
    left_out: int = 1
    expected: bool = False


class UnusableRow(Exception):  # noqa: N818  # not an error of the program
    """The reason why a row or record is left out."""

    def __init__(self, reason: str, *, expected: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


def plausible_time(timestamp: float | None, now: float) -> float | None:
    """Return a time between 1990 and a day after `now`, None for any other.

    >>> plausible_time(1_600_000_000.0, 1_700_000_000.0)
    1600000000.0
    >>> plausible_time(0.0, 1_700_000_000.0), plausible_time(9e9, 1_700_000_000.0)
    (None, None)
    """
    if timestamp is None or not MIN_TIME <= timestamp <= now + _DAY_SECONDS:
        return None
    return timestamp


def read_id(value: Any, name: str) -> str | None:
    """Return an id as clean text, None where there is none.

    Raises
    ------
    UnusableRow
        The id is too long.
    """
    if value is None or value == "" or isinstance(value, bool | dict | list):
        return None
    text = clean_id(str(value).replace("\x00", ""))
    if len(text) > MAX_ID_LENGTH:
        raise UnusableRow(f"the {name} has more than {MAX_ID_LENGTH} characters")
    return text or None


def read_name(value: Any) -> str | None:
    """Return a name as clean text, None where there is none.

    Raises
    ------
    UnusableRow
        The name is too long.
    """
    if not isinstance(value, str) or not value:
        return None
    text = clean_text(value)
    if len(text) > MAX_NAME_LENGTH:
        raise UnusableRow(f"a name has more than {MAX_NAME_LENGTH:,} characters")
    return text or None


def read_timestamp(value: Any) -> float | None:
    """Return the time that a file states; `NO_TIME` where it cannot be parsed."""
    try:
        return read_time(value)
    except (ValueError, OverflowError):
        return NO_TIME


def require_track(track: TrackReference) -> TrackReference:
    """Return a reference that names a track.

    Raises
    ------
    UnusableRow
        It has neither a title nor an id: an artist alone is not a track.
    """
    if track.title or track.track_id or track.recording or track.isrc:
        return track
    raise UnusableRow("the track has neither a title nor an id")
