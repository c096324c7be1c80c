"""Whole numbers in requests of scrobblers, and the times that listens can have."""

import time
from typing import Final, Literal

EARLIEST: Final = 1_033_430_400
"""October 2002, when scrobbling began."""
MAX_AHEAD_SECONDS: Final = 3_600
"""How far the clock of a client may be ahead."""
_MAX_DIGITS: Final = 11


def read_whole(text: str | None) -> int | None:
    """Return the whole number, 0 or more, that a text states; None if it states none.

    >>> read_whole("17"), read_whole("-1"), read_whole("1e3"), read_whole(None)
    (17, None, None, None)
    """
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        return None
    return int(text)


def time_problem(at: int | None) -> Literal["missing", "old", "new"] | None:
    """Return why a time cannot be that of a listen; None if it can.

    >>> time_problem(1_700_000_000), time_problem(17), time_problem(None), time_problem(10**11)
    (None, 'old', 'missing', 'new')
    """
    if at is None:
        return "missing"
    if at < EARLIEST:
        return "old"
    return "new" if at > time.time() + MAX_AHEAD_SECONDS else None
