"""Rules of one listener about listens that segue must not learn from.

`LearningRules.ignored` is the one filter of all profiles: training, evaluation, the snapshot and
live events use it. A listen that matches any rule counts neither as a play nor as a skip. Its track
stays known to the listener, so that it is not presented as new, and a like, dislike or rating that
comes with it holds.

Times are seconds since 1970 in UTC, NaN for unknown; a listen without a time matches no rule about
times. Daily intervals include their start and not their end, and may go past midnight.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Final, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Times = NDArray[np.float64]

IMPORTED: Final = "import:"
"""Start of the source of imported listens, before the format."""
_QUARTER: Final = 900  # offsets of time zones change at full quarters of an hour
_MAX_TIME: Final = 253_000_000_000.0  # the year 9987


@dataclass(frozen=True, slots=True)
class DailyInterval:
    """Minutes of the day from `start` to `end` in the time zone with the IANA name `zone`."""

    start: int
    end: int
    zone: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``HH:MM-HH:MM ZONE``; hours may stand alone.

        Raises
        ------
        ValueError
            If the text has another form, or the zone is unknown.

        Examples
        --------
        >>> str(DailyInterval.parse("20-7 Europe/Berlin"))
        '20:00-07:00 Europe/Berlin'
        """
        hours, _, zone = text.strip().partition(" ")
        parts = hours.split("-")
        if len(parts) != 2 or not zone.strip():
            raise ValueError(
                f"The hours {text!r} cannot be read: write them like 20:00-07:00 Europe/Berlin."
            )
        found = cls(_minutes(parts[0]), _minutes(parts[1]), zone.strip())
        if found.start == found.end:
            raise ValueError(f"The hours {hours!r} start and end at the same time: give two times.")
        time_zone(found.zone)
        return found

    def __str__(self) -> str:
        times = (f"{one // 60:02}:{one % 60:02}" for one in (self.start, self.end))
        return f"{'-'.join(times)} {self.zone}"

    def contains(self, timestamps: Times) -> Mask:
        """Return which times are in the interval, ``[n]``."""
        known = (timestamps >= 0) & (timestamps < _MAX_TIME)
        seconds = np.where(known, timestamps, 0)
        quarters, inverse = np.unique(seconds // _QUARTER, return_inverse=True)
        zone = time_zone(self.zone)
        offsets = np.array([_offset(float(one) * _QUARTER, zone) for one in quarters], np.float64)
        minutes = (seconds + offsets[inverse]) % 86_400 // 60
        late, early = minutes >= self.start, minutes < self.end
        return known & (late & early if self.start < self.end else late | early)


@dataclass(frozen=True, slots=True)
class ListeningSession:
    """A period from one time to another, included; without an end it is still going on."""

    start: float
    end: float | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an ISO 8601 interval of times with zones; ``..`` is an open end.

        Raises
        ------
        ValueError
            If the text has another form, or ends before it starts.

        Examples
        --------
        >>> str(ListeningSession.parse("2026-01-05T18:00+01:00/2026-01-05T20:00Z"))
        '2026-01-05T17:00:00Z/2026-01-05T20:00:00Z'
        >>> ListeningSession.parse("2026-01-05T18:00Z/..").end is None
        True
        """
        first, slash, last = text.strip().partition("/")
        if not slash:
            raise ValueError(_BAD_SESSION.format(text))
        found = cls(_time(first, text), None if last.strip() == ".." else _time(last, text))
        if found.end is not None and found.end < found.start:
            raise ValueError(f"The session {text!r} ends before it starts: exchange the times.")
        return found

    def __str__(self) -> str:
        return f"{_iso(self.start)}/{'..' if self.end is None else _iso(self.end)}"

    def contains(self, timestamps: Times) -> Mask:
        """Return which times are in the session, ``[n]``."""
        end = np.inf if self.end is None else self.end
        return (timestamps >= self.start) & (timestamps <= end)


@dataclass(frozen=True, slots=True)
class LearningRules:
    """What segue must not learn from: tracks ``[n_tracks]`` (None: all may be), times, sources.

    A source is a dataset of listens; that of imports may be given without its start ``import:``.
    """

    tracks: Mask | None = None
    hours: Sequence[DailyInterval] = ()
    sessions: Sequence[ListeningSession] = ()
    sources: frozenset[str] = field(default_factory=frozenset)

    def ignored(
        self, tracks: NDArray[np.int64], timestamps: Times, sources: Sequence[str] | None = None
    ) -> Mask:
        """Return which listens must not be learned from, ``[n]``.

        Parameters
        ----------
        tracks
            Positions, -1 for tracks that are not in the catalogue.
        sources
            The dataset of each listen; None if unknown.
        """
        found = np.zeros(len(tracks), bool)
        if self.tracks is not None and len(self.tracks):
            found |= (tracks >= 0) & self.tracks[tracks]
        for interval in self.hours:
            found |= interval.contains(timestamps)
        for session in self.sessions:
            found |= session.contains(timestamps)
        if self.sources and sources is not None and len(found):
            names, inverse = np.unique(np.array(sources, str), return_inverse=True)
            found |= np.array([self._has_source(str(name)) for name in names])[inverse]
        return found

    def _has_source(self, source: str) -> bool:
        name = source.casefold()
        return name in self.sources or name.removeprefix(IMPORTED) in self.sources


_BAD_SESSION: Final = (
    "The session {!r} cannot be read: write two times with their zone, like"
    " 2026-01-05T18:00Z/2026-01-05T21:00Z, or .. in place of the second."
)


def _minutes(text: str) -> int:
    hour, _, minute = text.strip().partition(":")
    if hour.isdecimal() and (minute or "0").isdecimal():
        hours, minutes = int(hour), int(minute or 0)
        if minutes < 60 and hours * 60 + minutes <= 24 * 60:
            return (hours * 60 + minutes) % (24 * 60)
    raise ValueError(f"The time {text!r} is no time of the day: write it like 7:30.")


@cache
def time_zone(name: str) -> ZoneInfo:
    """Return the time zone with an IANA name.

    Raises
    ------
    ValueError
        If this computer knows none with this name.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(
            f"There is no time zone {name!r}: name one like Europe/Berlin or UTC."
        ) from None


def _offset(seconds: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(seconds, zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()


def _time(text: str, whole: str) -> float:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(_BAD_SESSION.format(whole)) from None
    if found.tzinfo is None:
        raise ValueError(_BAD_SESSION.format(whole))
    return found.timestamp()


def _iso(seconds: float) -> str:
    found = datetime.fromtimestamp(seconds, UTC).isoformat(
        timespec="milliseconds" if seconds % 1 else "seconds"
    )
    return found.replace("+00:00", "Z")
