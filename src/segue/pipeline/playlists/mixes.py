"""Daily mixes: a playlist for one interest of a listener, or for all of them, that changes daily.

The random numbers of a mix are those of its date. It therefore stays the same within a day, as long
as what segue knows of the listener does, and has other tracks the next day.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from segue.engine import Dials, Exclusions, Playlist
from segue.pipeline.playlists.generate import check_count
from segue.pipeline.recommender.serving_state import ServingState

MIX_DIALS = Dials(max_known_share=0.5, randomness=0.3)
"""Half of the tracks may be known, and chance has enough weight that two days differ."""


DAYPARTS: Final[Mapping[str, tuple[float, float]]] = {
    "morning": (-0.1, 0.3),
    "afternoon": (0.3, 0.2),
    "evening": (-0.3, 0.0),
    "night": (-0.6, 0.0),
}
"""The dials of energy and valence for each part of the day."""


def today() -> date:
    """Return the date of today in local time."""
    return date.today()  # noqa: DTZ011  # the day of the listener, not of Greenwich


def daypart_dials(daypart: str | None, dials: Dials) -> Dials:
    """Return dials with the moods of a part of the day, unless they set moods themselves.

    Raises
    ------
    ValueError
        If there is no such part of the day.
    """
    if daypart is None:
        return dials
    if daypart not in DAYPARTS:
        raise ValueError(
            f"There is no part of the day {daypart!r}: choose from {', '.join(DAYPARTS)}."
        )
    energy, valence = DAYPARTS[daypart]
    return replace(dials, energy=dials.energy or energy, valence=dials.valence or valence)


def daily_mix(
    state: ServingState,
    user: str,
    k: int = 25,
    *,
    interest: str | None = None,
    daypart: str | None = None,
    dials: Dials = MIX_DIALS,
    exclusions: Exclusions | None = None,
    day: Callable[[], date] = today,
) -> Playlist:
    """Return the mix of a day: for an interest, by number or name, or for all in proportion.

    Parameters
    ----------
    daypart
        Name of one of `DAYPARTS`, whose moods the mix then has.
    dials
        A `seed` other than 0 replaces the one of the day.

    Raises
    ------
    ValueError
        If `k` is below 1, or there is no such part of the day.
    UnknownListenerError, UnknownInterestError
        If the library does not know the listener, or the listener has no such interest.
    """
    check_count(k)
    on = day()
    dials = daypart_dials(daypart, dials)
    dials = replace(dials, seed=dials.seed or on.toordinal(), interests=interest is None)
    query = state.query(user, k, dials=dials, exclusions=exclusions, interest=interest)
    name = None
    if interest is not None and query.whole is not None:
        found = state.interests.of(query.whole)
        name = found.names[found.number(interest)]
    made = state.recommend(query)
    about = {
        "user": user,
        "interest": name,
        "daypart": daypart,
        "date": on.isoformat(),
        **dials.chance,
    }
    return Playlist("mix", made.tracks, {**about, "weights": dict(made.weights)}, made.hints)
