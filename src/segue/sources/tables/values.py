"""Cells of listens, one at a time: times, counts, yes and no.

Conventions
-----------
- Input is text from a table, or what JSON and parquet hold. Empty and None are unknown.
- Times: seconds since 1970, or milli-, micro- and nanoseconds (told apart by their size), or a date
  as ISO 8601 or as Last.fm writes it ("31 Jan 2021, 12:34"); without a zone it is UTC.
- What cannot be read raises ``ValueError``. The rules are those of
  `segue.sources.datasets.listens`, which reads whole columns.
"""

import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

_DECIMAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LAST_FM = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3}) ([0-9]{4}),? ([0-9]{1,2}):([0-9]{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TRUE = frozenset({"true", "1", "1.0", "yes", "y", "t"})
_FALSE = frozenset({"false", "0", "0.0", "no", "n", "f"})


def read_number(value: Any, lowest: float = -math.inf) -> float | None:
    """Read a finite number that is at least `lowest`.

    >>> read_number(" 12.5 "), read_number(""), read_number(3)
    (12.5, None, 3.0)
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _number_of_text(value, lowest)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)  # noqa: TRY004  # one error for all that is no number
    number = float(value)
    if not math.isfinite(number) or number < lowest:
        raise ValueError(value)
    return number


@lru_cache(maxsize=65_536)
def _number_of_text(text: str, lowest: float) -> float | None:
    stripped = text.strip()
    if not stripped:
        return None
    if _DECIMAL.fullmatch(stripped) is None:
        raise ValueError(text)
    return read_number(float(stripped), lowest)


def read_time(value: Any) -> float | None:
    """Read a moment, in seconds since 1970, UTC.

    >>> read_time("1609504440"), read_time(1609504440000)
    (1609504440.0, 1609504440.0)
    >>> read_time("2021-01-01T12:34:00Z"), read_time("01 Jan 2021, 12:34")
    (1609504440.0, 1609504440.0)
    """
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, str):
        text = value.strip()
        if text and _DECIMAL.fullmatch(text) is None:
            return _date(text)
        value = float(text) if text else None
    number = read_number(value)
    # 1e11 seconds is the year 5138, 1e11 milliseconds March 1973: nobody's listens lie beyond
    for limit, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
        if number is not None and abs(number) >= limit:
            return number / unit
    return number


def _date(text: str) -> float:
    found = _LAST_FM.fullmatch(text)
    if found is not None and found[2].lower() in _MONTHS:
        day, month, year, hour, minute = found.groups()
        moment = datetime(
            int(year),
            _MONTHS.index(month.lower()) + 1,
            int(day),
            int(hour),
            int(minute),
            tzinfo=UTC,
        )
        return moment.timestamp()
    moment = datetime.fromisoformat(text.removesuffix(" UTC"))
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except OverflowError as error:  # a zone that leads out of the years there are
        raise ValueError(text) from error


def read_truth(value: Any) -> bool | None:
    """Read yes or no.

    >>> read_truth("Yes"), read_truth(False), read_truth("")
    (True, False, None)
    """
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if not word:
        return None
    if word not in _TRUE and word not in _FALSE:
        raise ValueError(value)
    return word in _TRUE
