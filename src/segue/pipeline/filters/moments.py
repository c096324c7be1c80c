"""Read times as people write them, and find the time zone of this computer."""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from segue.engine import time_zone
from segue.errors import RuleError

_ZONES: Final = "zoneinfo/"


def local_zone() -> str:
    """Return the IANA name of the time zone of this computer, UTC if it is unknown."""
    link = Path("/etc/localtime")
    names = [os.environ.get("TZ", "").removeprefix(":")]
    if link.is_symlink():
        names.append(str(link.resolve()).rpartition(_ZONES)[2])
    for name in filter(None, names):
        with suppress(ValueError):
            return time_zone(name).key
    return "UTC"


def read_moment(text: str, zone: str, now: datetime) -> datetime:
    """Return a time that is written as now, 18:00, yesterday 18:00, or 2026-01-05 18:00.

    Parameters
    ----------
    zone
        The time zone of texts without their own.
    now
        The present time, with its zone.

    Raises
    ------
    RuleError
        If the text has another form, or the zone is unknown.

    Examples
    --------
    >>> then = datetime(2026, 1, 5, 12, tzinfo=time_zone("UTC"))
    >>> read_moment("yesterday 18:00", "Europe/Berlin", then).isoformat()
    '2026-01-04T18:00:00+01:00'
    """
    words = text.strip().casefold()
    if words == "now":
        return now
    try:
        place = time_zone(zone)
    except ValueError as error:
        raise RuleError(str(error)) from None
    today = now.astimezone(place).date()
    day, _, rest = words.rpartition(" ")
    days = {"": today, "today": today, "yesterday": today - timedelta(days=1)}
    if day in days and rest[:2].rstrip(":").isdecimal() and ":" in rest and "-" not in rest:
        words = f"{days[day].isoformat()} {rest.rjust(5, '0')}"
    try:
        found = datetime.fromisoformat(words.upper())
    except ValueError:
        raise RuleError(
            f"The time {text!r} cannot be read: write now, 18:00, yesterday 18:00, or"
            " 2026-01-05 18:00."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=place)
