"""One listen as an export states it, and what is said where there is none.

Conventions
-----------
- Ids and names are clean text; an id has at most 256 characters, a name at most 1,000.
- `when` is what the file states, in seconds since 1970, UTC, and begins the listen. It may be
  nonsense: a clock that was never set says 1970. `known_time` says what counts.
- What cannot be used raises `Unusable` while one row or record is read; the reader makes a `Remark`
  of it and goes on.
"""

from typing import Any, NamedTuple

from segue.sources.tables.values import read_time
from segue.text import clean_id, clean_text
from segue.types import Sought, Split

LONGEST_ID = 256
LONGEST_NAME = 1_000
EARLIEST = 631_152_000.0  # 1990-01-01: no listen was recorded before, but clocks start there
NO_TIME = 0.0  # what a clock says that was never set
_DAY = 86_400.0


class Heard(NamedTuple):
    """One listen, or one `total` of them; `user` is None where the file does not say who."""

    user: str | None
    sought: Sought
    when: float | None = None
    position: float | None = None
    plays: float | None = None
    ms_played: float | None = None
    rating: float | None = None
    skipped: bool | None = None
    split: Split | None = None
    total: bool = False


class Remark(NamedTuple):
    """Something that could not be used; `left_out` listens are lost by it, which may be none."""

    reason: str
    row: int | None = None
    subject: str | None = None
    left_out: int = 1
    expected: bool = False  # podcasts and the like: counted, and no problem


class Unusable(Exception):  # noqa: N818  # no error of the program: a row that is left out
    """Why a row or record is left out."""

    def __init__(self, reason: str, *, expected: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expected = expected


def known_time(when: float | None, now: float) -> float | None:
    """Return a time that can be: from 1990 to a day from `now`; else None.

    >>> known_time(1_600_000_000.0, 1_700_000_000.0)
    1600000000.0
    >>> known_time(0.0, 1_700_000_000.0), known_time(9e9, 1_700_000_000.0)
    (None, None)
    """
    return when if when is not None and EARLIEST <= when <= now + _DAY else None


def read_id(value: Any, what: str) -> str | None:
    """Return an id as clean text, None where there is none.

    Raises
    ------
    Unusable
        If it is longer than an id can be.
    """
    if value is None or value == "" or isinstance(value, bool | dict | list):
        return None
    text = clean_id(str(value).replace("\x00", ""))
    if len(text) > LONGEST_ID:
        raise Unusable(f"the {what} has more than {LONGEST_ID} characters")
    return text or None


def read_name(value: Any) -> str | None:
    """Return a name as clean text, None where there is none.

    Raises
    ------
    Unusable
        If it is longer than a name can be.
    """
    if not isinstance(value, str) or not value:
        return None
    text = clean_text(value)
    if len(text) > LONGEST_NAME:
        raise Unusable(f"a name has more than {LONGEST_NAME:,} characters")
    return text or None


def read_when(value: Any) -> float | None:
    """Return the time that a file states; `NO_TIME` where it states one that cannot be read."""
    try:
        return read_time(value)
    except (ValueError, OverflowError):
        return NO_TIME


def check_named(sought: Sought) -> Sought:
    """Return what is sought, if it names a track.

    Raises
    ------
    Unusable
        If it names none: an artist alone is no track.
    """
    if sought.title or sought.track_id or sought.recording or sought.isrc:
        return sought
    raise Unusable("no track is named: neither a title nor an id")
