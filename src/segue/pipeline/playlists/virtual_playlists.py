"""Virtual playlists: lists for one listener that players show beside the saved playlists.

They are never stored, and refresh by themselves: with the listens and opinions of the listener,
and every day.

====================  ==========================================================================
id                    tracks
====================  ==========================================================================
segue-recommended     recommended for the listener, best first
segue-mix-NUMBER      the mix of the day for an interest: see `segue.pipeline.playlists.mixes`
segue-on-repeat       rows of the home page: see `segue.pipeline.playlists.home`
segue-rediscover
segue-new-in-library
====================  ==========================================================================

Lists without tracks are left out.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from datetime import time as day_time
from typing import Final

from segue.errors import LibraryError, ModelError
from segue.pipeline.playlists.home import HomeRowName, home_row
from segue.pipeline.playlists.mixes import daily_mix
from segue.pipeline.recommender.interests import interests_in
from segue.pipeline.recommender.serving_state import ServingState

PREFIX: Final = "segue-"
"""Beginning of the ids of virtual playlists, which no saved playlist has."""
LENGTH: Final = 50
"""Largest number of tracks of a virtual playlist."""
MAX_MIXES: Final = 6

_ROWS: Final[dict[HomeRowName, str]] = {
    "on-repeat": "On repeat",
    "rediscover": "Rediscover",
    "new-in-library": "New and fitting",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualPlaylist:
    """A list with the ids of its tracks, made at the time `made`, that changes by `valid_until`.

    Times are in seconds since 1970.
    """

    id: str
    name: str
    track_ids: Sequence[str]
    made: float
    valid_until: float


def virtual_playlists(
    state: ServingState,
    user: str,
    *,
    now: datetime | None = None,
    zone: tzinfo | None = None,
) -> list[VirtualPlaylist]:
    """Return the virtual playlists of a listener; none if nothing is known of them.

    Parameters
    ----------
    now
        The present time, by default that of the clock.
    zone
        The time zone of days, by default that of this machine.
    """
    if state.profiles.resolve(user) is None:
        return []
    local = (now or datetime.now(UTC)).astimezone(zone)
    midnight = datetime.combine(local.date(), day_time.max, local.tzinfo).timestamp()

    def made(name: str, title: str, track_ids: Sequence[str]) -> VirtualPlaylist:
        return VirtualPlaylist(
            id=f"{PREFIX}{name}",
            name=title,
            track_ids=tuple(track_ids),
            made=time.time(),
            valid_until=midnight,
        )

    def picks() -> list[str]:
        return [pick.track_id for pick in state.recommend(state.query(user, LENGTH)).tracks]

    recommended = made("recommended", f"Recommended for {user}", _ids(picks))
    mixes = []
    for interest in interests_in(state, user, zone=zone)[:MAX_MIXES]:
        number = str(interest.number)

        def mix(number: str = number) -> list[str]:
            found = daily_mix(state, user, LENGTH, interest=number, day=local.date)
            return [track.track_id for track in found.tracks]

        mixes.append(made(f"mix-{number}", f"Daily mix {number}: {interest.name}", _ids(mix)))
    rows = []
    for name, title in _ROWS.items():
        row = home_row(state, user, name, now=local, zone=zone, length=LENGTH)
        ids = [state.catalogue.tracks[position].track_id for position in row.positions]
        rows.append(made(name, title, ids))
    return [one for one in (recommended, *mixes, *rows) if one.track_ids]


def with_times_of(
    after: Sequence[VirtualPlaylist], before: Sequence[VirtualPlaylist]
) -> list[VirtualPlaylist]:
    """Return playlists with the earlier times of those that have the same tracks as `before`."""
    known = {(one.id, one.name, tuple(one.track_ids)): one.made for one in before}
    return [
        replace(one, made=known.get((one.id, one.name, tuple(one.track_ids)), one.made))
        for one in after
    ]


def _ids(make: Callable[[], list[str]]) -> list[str]:
    try:
        return make()
    except (LibraryError, ModelError):  # the rules or exclusions of the listener leave nothing
        return []
