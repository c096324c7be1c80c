"""Parse single cells of tables and JSON: numbers, times, truth values, splits.

Conventions
-----------
- Input is text from a CSV table, or a value of JSON or parquet. Empty, blank and None are unknown
  and give None.
- Times: seconds since 1970, or milli-, micro- and nanoseconds (distinguished by their size), or a
  date as ISO 8601, with ``/`` for ``-``, without leading zeros, as Last.fm writes it ("31 Jan 2021,
  12:34"), or with dots, the day first ("31.01.2021 12:34"). Without a time zone it is UTC.
- A cell that cannot be parsed raises `ValueError`.
- `segue.sources.tables.column_values` parses whole columns by the same rules.
"""

import math
import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from segue.text import clean_text
from segue.types import SPLITS, Split

RULES = {
    "timestamp": "seconds since 1970 or a date",
    "position": "a number, 0 or more",
    "session_id": "text",
    "plays": "a number, 0 or more",
    "ms_played": "a number, 0 or more",
    "rating": "a number",
    "loved": "true or false",
    "skipped": "true or false",
    "completed": "true or false",
    "recommended": "true or false",
    "private": "true or false",
    "split": "train, valid or test",
}
"""What the values of each column of listens must be, as problems state it."""

DECIMAL = r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
TIME_UNITS = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))
"""From which number on a time is in nano-, micro- and milliseconds, and how many are a second.

1e11 seconds is the year 5138, 1e11 milliseconds is March 1973.
"""
TRUE = frozenset({"true", "1", "1.0", "yes", "y", "t"})
FALSE = frozenset({"false", "0", "0.0", "no", "n", "f"})
_DECIMAL = re.compile(DECIMAL)
_LAST_FM = re.compile(r"([0-9]{1,2}) ([A-Za-z]{3}) ([0-9]{4}),? ([0-9]{1,2}):([0-9]{2})")
_DOTTED = re.compile(
    r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?:,? +([0-9]{1,2})(:[0-9]{2}(?::[0-9]{2})?))?"
)
_LOOSE_DATE = re.compile(
    r"([0-9]{4})([-/ ])([0-9]{1,2})(?:\2([0-9]{1,2}))?(?:[T ]([0-9]{1,2})(:.*)?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_SPLIT_ALIASES = {"training": "train", "validation": "valid", "val": "valid", "dev": "valid"} | {
    "testing": "test"
}


def read_number(value: Any, lowest: float = -math.inf) -> float | None:
    """Return a finite number that is at least `lowest`.

    >>> read_number(" 12.5 "), read_number(""), read_number(3)
    (12.5, None, 3.0)
    """
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return _number_of_text(value, lowest)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(value)  # noqa: TRY004  # one error for all that is no number
    try:
        number = float(value)
    except OverflowError as error:  # an integer of JSON may have any number of digits
        raise ValueError(value) from error
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
    """Return a time in seconds since 1970, UTC.

    >>> read_time("1609504440"), read_time(1609504440000)
    (1609504440.0, 1609504440.0)
    >>> read_time("2021-01-01T12:34:00Z"), read_time("01 Jan 2021, 12:34")
    (1609504440.0, 1609504440.0)
    >>> read_time("2021/1/1 12:34"), read_time("1.1.2021 12:34")
    (1609504440.0, 1609504440.0)
    """
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime.combine(value, time())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, str):
        text = value.strip()
        if text and _DECIMAL.fullmatch(text) is None:
            return _date(text)
        value = float(text) if text else None
    number = read_number(value)
    for limit, per_second in TIME_UNITS:
        if number is not None and abs(number) >= limit:
            return number / per_second
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
    text = text.removesuffix(" UTC")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(_as_iso(text))
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except OverflowError as error:  # a zone that leads out of the years there are
        raise ValueError(text) from error


def _as_iso(text: str) -> str:
    dotted = _DOTTED.fullmatch(text)
    if dotted is not None:
        day, month, year, hour, rest = dotted.groups()
        return f"{year}-{month:0>2}-{day:0>2}" + (f"T{hour:0>2}{rest}" if hour else "")
    found = _LOOSE_DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    year, _, month, day, hour, rest = found.groups()
    return f"{year}-{month:0>2}-{day or '01':0>2}" + (f"T{hour:0>2}{rest or ''}" if hour else "")


def read_truth(value: Any) -> bool | None:
    """Return yes or no.

    >>> read_truth("Yes"), read_truth(False), read_truth("")
    (True, False, None)
    """
    if value is None or isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if not word:
        return None
    if word not in TRUE and word not in FALSE:
        raise ValueError(value)
    return word in TRUE


def read_split(value: Any) -> Split | None:
    """Return train, valid or test, also for "validation", "val" and the like.

    >>> read_split("Validation"), read_split(" ")
    ('valid', None)
    """
    word = clean_text(str(value)).casefold() if value else ""
    name = _SPLIT_ALIASES.get(word, word)
    if name in SPLITS:
        return name
    if word:
        raise ValueError(value)
    return None


def whole_number(value: Any) -> Any:
    """Return an id that a table holds as a float as an integer, any other value as it is.

    >>> whole_number(7.0), whole_number("007")
    (7, '007')
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


def id_text(value: object) -> str:
    """Return an id as text.

    >>> id_text(7.0), id_text("007")
    ('7', '007')
    """
    return str(whole_number(value))
