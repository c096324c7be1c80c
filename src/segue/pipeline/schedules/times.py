"""Times of schedules: cron expressions, plain words for them, and the next time.

A cron expression has five fields: minute, hour, day of the month, month, day of the week (0 and 7
are Sunday). Times are those of the wall clock in a time zone. A time that the clock skips in spring
is moved to the end of the gap; one that it shows twice in autumn counts once, except in expressions
that run every hour or more often. These are the rules of Debian's cron, which `cronsim` follows.

==================================  ==================
plain words                         cron expression
==================================  ==================
every 15 minutes                    ``*/15 * * * *``
every hour, every 6 hours           ``0 */6 * * *``
every day at 3:30                   ``30 3 * * *``
every monday at 3:30                ``30 3 * * 1``
every month on day 1 at 4:00        ``0 4 1 * *``
==================================  ==================
"""

import re
from datetime import UTC, datetime, tzinfo
from typing import Final

from cronsim import CronSim, CronSimError
from tzlocal import get_localzone

from segue.errors import ScheduleError

MAX_LENGTH: Final = 100
"""Largest number of characters of an expression or of plain words."""
_N_FIELDS: Final = 5
_DAYS: Final = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_AT: Final = r"(?: at (?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}))"
_EVERY_N: Final = re.compile(r"every (?P<n>[0-9]+) (?P<unit>minutes|hours)")
_EVERY_DAY: Final = re.compile(rf"(?:every day|daily){_AT}")
_EVERY_WEEKDAY: Final = re.compile(rf"(?:every|weekly on) (?P<day>{'|'.join(_DAYS)}){_AT}")
_EVERY_MONTH: Final = re.compile(rf"(?:every month|monthly) on day (?P<date>[0-9]{{1,2}}){_AT}")


def read_times(text: str) -> str:
    """Return the cron expression of a text: plain words, or an expression.

    Raises
    ------
    ScheduleError
        If it is neither, or never comes.

    Examples
    --------
    >>> read_times("every day at 3:30"), read_times("Every Monday at 03:30")
    ('30 3 * * *', '30 3 * * 1')
    >>> read_times("every 6 hours"), read_times("0  4 1 * *")
    ('0 */6 * * *', '0 4 1 * *')
    """
    words = " ".join(text.split())
    cron = _cron_of(words.lower()) or words
    if len(text) > MAX_LENGTH or len(cron.split()) != _N_FIELDS or not _comes(cron):
        raise ScheduleError(
            f"The time {text[:MAX_LENGTH]!r} is not known: write it like 'every day at 3:30',"
            " 'every monday at 3:30', 'every 6 hours' or as a cron expression, '30 3 * * *'."
        )
    return cron


def next_time(cron: str, after: float, zone: tzinfo) -> float:
    """Return the first time of an expression after a time, both in seconds since 1970.

    >>> from zoneinfo import ZoneInfo
    >>> after = datetime(2026, 3, 28, 12, tzinfo=UTC).timestamp()
    >>> found = next_time("30 2 * * *", after, ZoneInfo("Europe/Berlin"))
    >>> datetime.fromtimestamp(found, ZoneInfo("Europe/Berlin")).isoformat()
    '2026-03-29T03:00:00+02:00'
    """
    return next(CronSim(cron, datetime.fromtimestamp(after, zone))).timestamp()


def in_words(cron: str) -> str:
    """Return an expression in English words.

    >>> in_words("30 3 * * 1")
    'At 03:30 on Monday'
    """
    return CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC)).explain()


def server_zone() -> tzinfo:
    """Return the time zone of this machine, with its rules for daylight saving."""
    return get_localzone()


def _comes(cron: str) -> bool:
    try:
        next(CronSim(cron, datetime(2000, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration):
        return False
    return True


def _cron_of(words: str) -> str | None:
    if words in ("hourly", "every hour"):
        return "0 * * * *"
    if found := _EVERY_N.fullmatch(words):
        n, unit = int(found["n"]), found["unit"]
        whole = 60 if unit == "minutes" else 24
        if not 0 < n < whole or whole % n:
            return None  # the steps would not be equal
        return f"*/{n} * * * *" if unit == "minutes" else f"0 */{n} * * *"
    if found := _EVERY_DAY.fullmatch(words):
        days = "* * *"
    elif found := _EVERY_WEEKDAY.fullmatch(words):
        days = f"* * {_DAYS.index(found['day'])}"
    elif found := _EVERY_MONTH.fullmatch(words):
        days = f"{int(found['date'])} * *"
    else:
        return None
    return f"{int(found['minute'])} {int(found['hour'])} {days}"
