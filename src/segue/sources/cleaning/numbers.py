"""Parse years, tempos and durations as people and taggers write them.

Conventions
-----------
- Each function takes text and returns ``(value, reason)``: the value, or None and the reason why
  the text cannot be used. ``(None, None)`` is unknown and no problem.
- Years: 1000 (early music has the year of its composition) to next year. Tempo: 20 to 400 beats
  per minute. Duration: more than 0 seconds, up to a day. 0 is unknown for year and tempo (the
  Million Song Dataset writes it so).
- A decimal comma is accepted; ``1,200`` is refused because it is ambiguous.
"""

import math
import re
from datetime import UTC, datetime
from typing import TypeVar

from segue.text import known_text

MIN_YEAR = 1000
MIN_TEMPO, MAX_TEMPO = 20.0, 400.0  # beats per minute
MAX_DURATION = 86_400.0  # seconds

_FOUR_DIGITS = re.compile(r"(?<![0-9])[0-9]{4}(?![0-9])")
_EIGHT_DIGITS = re.compile(r"([0-9]{4})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
_ZERO = re.compile(r"[0\s:./-]*0[0\s:./-]*")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_CLOCK = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,4}):([0-9]{1,2}(?:\.[0-9]+)?)")
_UNITS = re.compile(r"\s*(?:bpm|seconds|secs?|s)\.?$", re.IGNORECASE)

Value = TypeVar("Value", int, float)
Reading = tuple[Value | None, str | None]


def read_year(text: str, *, this_year: int | None = None) -> Reading[int]:
    """Return the year (1000 to next year) of a year or a date.

    The first number of four digits is used; eight digits are a date without hyphens.

    Examples
    --------
    >>> read_year("2004-05-12"), read_year("12/05/2004"), read_year("0")
    ((2004, None), (2004, None), (None, None))
    >>> read_year("0812", this_year=2026)
    (None, "year '0812' is not between 1000 and 2027")
    """
    known = known_text(text)
    if known is None or _ZERO.fullmatch(known):
        return None, None
    compact = _EIGHT_DIGITS.fullmatch(known)
    found = _FOUR_DIGITS.search(known)
    if compact is None and (found is None or known.startswith("-")):
        return None, f"year {_quoted(known)} has no number of four digits"
    year = int(compact[1] if compact is not None else found[0])  # type: ignore[index]  # one is there
    last = (this_year or datetime.now(tz=UTC).year) + 1
    if not MIN_YEAR <= year <= last:
        return None, f"year {_quoted(known)} is not between {MIN_YEAR} and {last}"
    return year, None


def read_tempo(text: str) -> Reading[float]:
    """Return a tempo in beats per minute (20 to 400).

    Examples
    --------
    >>> read_tempo("120,5 BPM"), read_tempo("0"), read_tempo("fast")
    ((120.5, None), (None, None), (None, "tempo 'fast' is not a number"))
    """
    known = known_text(text)
    if known is None:
        return None, None
    value = _number(known)
    if value is None:
        return None, f"tempo {_quoted(known)} is not a number"
    if value == 0:
        return None, None
    if not MIN_TEMPO <= value <= MAX_TEMPO:
        return None, f"tempo {_quoted(known)} is not between {MIN_TEMPO:g} and {MAX_TEMPO:g} BPM"
    return value, None


def read_duration(text: str) -> Reading[float]:
    """Return a duration in seconds (more than 0, up to a day), also of ``3:45`` or ``1:02:03``.

    Examples
    --------
    >>> read_duration("3:45"), read_duration("213.13")
    ((225.0, None), (213.13, None))
    >>> read_duration("215000")[1]
    "duration '215000' is more than a day of seconds: are these milliseconds?"
    """
    known = known_text(text)
    if known is None:
        return None, None
    clock = _CLOCK.fullmatch(known)
    if clock is None:
        value = _number(known)
    else:
        value = int(clock[1] or 0) * 3600 + int(clock[2]) * 60 + float(clock[3])
    if value is None:
        return None, f"duration {_quoted(known)} is not a number of seconds"
    if value <= 0:
        return None, f"duration {_quoted(known)} is not more than 0 seconds"
    if value > MAX_DURATION:
        return None, (
            f"duration {_quoted(known)} is more than a day of seconds: are these milliseconds?"
        )
    return value, None


def _number(text: str) -> float | None:
    """Return a finite number written with a decimal point or comma, with or without its unit."""
    digits = _UNITS.sub("", text)
    if _NUMBER.fullmatch(digits) is None or re.fullmatch(r"[+-]?[0-9]{1,3},[0-9]{3}", digits):
        return None
    value = float(digits.replace(",", "."))
    return value if math.isfinite(value) else None


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
