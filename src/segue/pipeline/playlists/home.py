"""Home: rows of tracks for one listener, and the daily mixes of their interests.

==============  ==================================================================================
row             tracks, best first; a track is only in the first row that it fits
==============  ==================================================================================
on-repeat       most played in the `LATELY` days before the last play, at least twice
daypart         played more at this hour (and the hour before and after) than at others; without
                any, unplayed tracks whose mood suits the part of the day
rediscover      liked most, and not played for `LONG_AGO` days; others every day
deep-cuts       not played yet, of the artists liked most
new-in-library  not played yet, of the tracks added last; best suited first
==============  ==================================================================================

Rows without tracks are left out. Hours and dates are local.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from segue.engine import Dials, rerank_list
from segue.engine.listening_hours import hours_of
from segue.engine.profile_accumulator import SECONDS_A_DAY
from segue.engine.randomness import gumbel
from segue.pipeline.playlists.mixes import daypart_dials
from segue.pipeline.recommender.interests import (
    InterestSummary,
    TimedPlays,
    interests_in,
    timed_plays,
)
from segue.pipeline.recommender.serving_state import ServingState
from segue.signals import UserProfile

ROW_LENGTH = 12
LATELY = 30
LONG_AGO = 180
_FAVOURITE_ARTISTS = 12
_LOVED = 0.25
"""Share of the likes, the strongest, that are worth rediscovering."""
_NEWEST = 200
_NEWEST_SHARE = 0.1
_DIALS = Dials(artist_cap=2)
_PARTS_OF_DAY = ((5, "night"), (12, "morning"), (18, "afternoon"), (23, "evening"), (24, "night"))

HomeRowName = Literal["on-repeat", "daypart", "rediscover", "deep-cuts", "new-in-library"]
_TITLES: Final[dict[str, str]] = {
    "on-repeat": "On repeat",
    "daypart": "This time of day",
    "rediscover": "Rediscover",
    "deep-cuts": "Deep cuts",
    "new-in-library": "New in your library",
}

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class HomeRow:
    """One row: its `name`, its `title`, and the positions of its tracks."""

    name: str
    title: str
    positions: Sequence[int]


@dataclass(frozen=True, slots=True)
class Home:
    """The rows of one listener, and their interests, each of which has a daily mix."""

    rows: Sequence[HomeRow]
    mixes: Sequence[InterestSummary]


def home(
    state: ServingState,
    user: str,
    *,
    now: datetime | None = None,
    zone: tzinfo | None = None,
    length: int = ROW_LENGTH,
) -> Home:
    """Return the home of a listener, empty if nothing is known of them.

    Parameters
    ----------
    now
        The present time, by default that of the clock.
    zone
        The time zone of hours, by default that of this machine.
    """
    rows = _rows(state, user, now, zone, length)
    if rows is None:
        return Home([], [])
    found = [HomeRow(name, row.title, row.make()) for name, row in rows.items()]
    return Home(_distinct(state, user, found, length), interests_in(state, user, zone=zone))


def home_row(
    state: ServingState,
    user: str,
    name: HomeRowName,
    *,
    now: datetime | None = None,
    zone: tzinfo | None = None,
    length: int = ROW_LENGTH,
) -> HomeRow:
    """Return one row of a listener, also with tracks that fit an earlier one; see `home`."""
    rows = _rows(state, user, now, zone, length)
    if rows is None:
        return HomeRow(name, _TITLES[name], [])
    row = rows[name]
    found = HomeRow(name, row.title, row.make())
    return next(iter(_distinct(state, user, [found], length)), replace(found, positions=[]))


@dataclass(frozen=True, slots=True)
class _UnmadeRow:
    """The title of a row, and what computes its tracks."""

    title: str
    make: Callable[[], list[int]]


def _rows(
    state: ServingState, user: str, now: datetime | None, zone: tzinfo | None, length: int
) -> dict[HomeRowName, _UnmadeRow] | None:
    known = state.profiles.resolve(user)
    if known is None:
        return None
    profile = known[0]
    local = (now or datetime.now(UTC)).astimezone(zone)
    plays = timed_plays(state, user)
    daypart = _part_of_day(local.hour)

    def of_daypart() -> list[int]:
        return _at_hour(plays, local.hour, zone) or _in_mood(state, profile, daypart, length)

    return {
        "on-repeat": _UnmadeRow(_TITLES["on-repeat"], lambda: _on_repeat(plays)),
        "daypart": _UnmadeRow(f"Your {daypart}", of_daypart),
        "rediscover": _UnmadeRow(_TITLES["rediscover"], lambda: _rediscover(profile, plays, local)),
        "deep-cuts": _UnmadeRow(_TITLES["deep-cuts"], lambda: _deep_cuts(state, profile, length)),
        "new-in-library": _UnmadeRow(
            _TITLES["new-in-library"], lambda: _new(state, profile, length)
        ),
    }


def _distinct(
    state: ServingState, user: str, rows: Iterable[HomeRow], length: int
) -> list[HomeRow]:
    """Return rows without tracks of earlier ones, other versions, and missing tracks.

    Tracks that are never played for the listener are left out, too.
    """
    shown = state.unwanted(None, user)
    shown[np.asarray(state.engine.missing, np.int64)] = True
    kept = []
    for row in rows:
        chosen: list[int] = []
        for position in row.positions:
            if len(chosen) < length and not shown[position]:
                chosen.append(position)
                own = np.zeros(len(shown), bool)
                own[position] = True
                shown |= state.facts.with_versions(state.engine.files_of(own))
        if chosen:
            kept.append(replace(row, positions=chosen))
    return kept


def _on_repeat(plays: TimedPlays) -> list[int]:
    if not len(plays.times):
        return []
    lately = plays.times > plays.times[-1] - LATELY * SECONDS_A_DAY
    tracks, counts = np.unique(plays.positions[lately], return_counts=True)
    several = counts > 1
    return _best(tracks[several], counts[several])


def _at_hour(plays: TimedPlays, hour: int, zone: tzinfo | None) -> list[int]:
    """Return tracks by their plays about this hour times how much more these are than usual."""
    hours = hours_of(plays.times, zone)
    near = np.isin(hours, [(hour + shift) % 24 for shift in (-1, 0, 1)])
    if not near.any():
        return []
    tracks, places = np.unique(plays.positions, return_inverse=True)
    here = np.bincount(places, near, len(tracks))
    lift = here / np.bincount(places, minlength=len(tracks)) / near.mean()
    fits = (here > 1) & (lift > 1)
    return _best(tracks[fits], (here * lift)[fits])


def _rediscover(profile: UserProfile, plays: TimedPlays, day: datetime) -> list[int]:
    liked = profile.weights > 0
    if not liked.any() or not len(plays.times):
        return []
    loved = profile.weights >= np.quantile(profile.weights[liked], 1 - _LOVED)
    positions = profile.positions[liked & loved]
    last = dict(zip(plays.positions.tolist(), plays.times.tolist(), strict=True))
    before = day.timestamp() - LONG_AGO * SECONDS_A_DAY
    rested = positions[[last.get(one, np.inf) < before for one in positions.tolist()]]
    return _best(rested, gumbel(day.toordinal(), rested, profile.user))


def _deep_cuts(state: ServingState, profile: UserProfile, length: int) -> list[int]:
    artists = state.facts.ids.artist[profile.positions]
    known = artists >= 0
    if not known.any():
        return []
    numbers, places = np.unique(artists[known], return_inverse=True)
    worth = np.bincount(places, profile.weights[known])
    favourites = [one for one in _best(numbers, worth) if worth[numbers.searchsorted(one)] > 0]
    wanted = state.facts.ids.with_artists(favourites[:_FAVOURITE_ARTISTS])
    return _suited(state, profile, wanted, length)


def _new(state: ServingState, profile: UserProfile, length: int) -> list[int]:
    wanted = np.zeros(len(state.facts), bool)
    wanted[-min(_NEWEST, int(np.ceil(_NEWEST_SHARE * len(wanted)))) :] = True
    return _suited(state, profile, wanted, length)


def _in_mood(state: ServingState, profile: UserProfile, daypart: str, length: int) -> list[int]:
    known = ~np.isnan(state.facts.energy)
    if not known.any():
        return []
    return _suited(state, profile, known, length, daypart_dials(daypart, _DIALS))


def _suited(
    state: ServingState,
    profile: UserProfile,
    wanted: NDArray[np.bool_],
    length: int,
    dials: Dials = _DIALS,
) -> list[int]:
    """Return the unplayed tracks among some that suit a listener best."""
    found = rerank_list(
        state.engine,
        profile,
        2 * length,  # some may be in an earlier row
        dials,
        state.facts,
        excluded=~wanted | state.excluded(None, profile.user),
        rows=state.engine.rows(profile),
    )
    return [int(one) for one in found.ranked.positions]


def _best(tracks: Positions, worth: NDArray[np.generic]) -> list[int]:
    order = np.lexsort((tracks, -worth.astype(np.float64)))
    return [int(one) for one in tracks[order]]


def _part_of_day(hour: int) -> str:
    """Return the part of the day of an hour.

    >>> _part_of_day(3), _part_of_day(9), _part_of_day(20)
    ('night', 'morning', 'evening')
    """
    return next(name for end, name in _PARTS_OF_DAY if hour < end)
