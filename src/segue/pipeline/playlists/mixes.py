"""Daily mixes: a playlist for one interest of a listener, or for all of them, that changes daily.

The random numbers of a mix are those of its date. It therefore stays the same within a day, as long
as what segue knows of the listener does, and has other tracks the next day.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from segue.engine import Dials, Exclusions, Playlist
from segue.pipeline.playlists.generate import check_count
from segue.pipeline.recommender.serving_state import ServingState

MIX_DIALS = Dials(max_known_share=0.5, randomness=0.3)
"""Half of the tracks may be known, and chance has enough weight that two days differ."""


def today() -> date:
    """Return the date of today in local time."""
    return date.today()  # noqa: DTZ011  # the day of the listener, not of Greenwich


def daily_mix(
    state: ServingState,
    user: str,
    k: int = 25,
    *,
    interest: str | None = None,
    dials: Dials = MIX_DIALS,
    exclusions: Exclusions | None = None,
    day: Callable[[], date] = today,
) -> Playlist:
    """Return the mix of a day: for an interest, by number or name, or for all in proportion.

    Parameters
    ----------
    dials
        A `seed` other than 0 replaces the one of the day.

    Raises
    ------
    ValueError
        If `k` is below 1.
    UnknownListenerError, UnknownInterestError
        If the library does not know the listener, or the listener has no such interest.
    """
    check_count(k)
    on = day()
    dials = replace(dials, seed=dials.seed or on.toordinal(), interests=interest is None)
    query = state.query(user, k, dials=dials, exclusions=exclusions, interest=interest)
    name = None
    if interest is not None and query.whole is not None:
        found = state.interests.of(query.whole)
        name = found.names[found.number(interest)]
    made = state.recommend(query)
    about = {"user": user, "interest": name, "date": on.isoformat(), **dials.chance}
    return Playlist("mix", made.tracks, {**about, "weights": dict(made.weights)}, made.hints)
