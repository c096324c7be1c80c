"""Compute each listener's opinions of tracks and order of plays from listens.

All listens of a track together give the listener's opinion of it:

==========================  =====================================================================
plays, or `plays` = n       ``+ log(1 + n)`` over all plays of the track together: later plays add
                            less than the first
`ms_played`                 a play counts by the share of the track that was played, if its
                            duration is known; less than a quarter is a skip
`skipped`                   ``- 1`` instead of a play; if false, it is a play in any case
`rating`                    ``2 (r - middle) / range`` on the scale of its source (1-5, 0-10 or
                            0-100, inferred from the largest), between -1 and +1, added to plays
==========================  =====================================================================

A track is liked above zero, disliked below, and only known at zero. Live likes and dislikes are
ratings with the highest and lowest value.

Listens with an order (a time or a position) also make the history: the latest thousand tracks that
were played and not skipped, oldest first, with their age in days at the last listen of all users.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from segue.signals import UserProfile

if TYPE_CHECKING:
    import pandas as pd

Values = NDArray[np.float64]
Durations = Sequence[float | None] | NDArray[np.float64] | None
Scale = tuple[float, float]
"""Lowest and highest possible rating."""

LIVE = "live"
"""The source of live feedback, which only has the highest and the lowest rating."""
LIVE_SCALE: Scale = (1.0, 5.0)
_SCALES = (1.0, 5.0, 10.0, 100.0)
"""Highest values of the usual rating scales."""
SKIP_SHARE = 0.25
"""A play of a smaller share of the track is a skip."""
MAX_HISTORY = 1_000
SECONDS_A_DAY = 86_400.0


def profiles_of(
    listens: "pd.DataFrame",
    positions: Mapping[str, int],
    *,
    durations: Durations = None,
    friends: Iterable[tuple[str, str]] = (),
) -> dict[str, UserProfile]:
    """Return each listener's profile over a catalogue.

    Parameters
    ----------
    listens
        Columns `user_id`, `track_id` and any of `timestamp`, `position`, `plays`, `ms_played`,
        `skipped`, `rating` and `source`; the ratings of one source are on one scale.
    positions
        Position of each track id; listens of other tracks are ignored.
    durations
        Seconds of each track, ``[n_tracks]``, None if unknown.
    friends
        Pairs of listeners; each is the other's friend.
    """
    if listens.empty:
        return {}
    table = _listen_table(listens, positions, durations)
    summed = table.groupby(["user", "track"], sort=True)[["plays", "skips", "rating"]].sum()
    opinion = np.log1p(summed["plays"]) - summed["skips"] + summed["rating"].clip(-1, 1)
    flat = opinion.reset_index(name="opinion")
    users, starts = np.unique(flat["user"].to_numpy(), return_index=True)
    names = listens["user_id"].astype(str).to_numpy()[_first_rows(table)]
    bounds = [*starts.tolist(), len(flat)]
    tracks, values = flat["track"].to_numpy(np.int64), flat["opinion"].to_numpy(np.float32)
    histories = _histories(table)
    empty = (np.zeros(0, np.int64), np.zeros(0, np.float32))
    found = {}
    for number, user in enumerate(users.tolist()):
        part = slice(bounds[number], bounds[number + 1])
        says = values[part] != 0
        known = tracks[part]
        found[str(names[number])] = UserProfile(
            known[says],
            values[part][says],
            known,
            *histories.get(user, empty),
            user=str(names[number]),
        )
    return _with_friends(found, friends)


def profile_from_seeds(liked: Iterable[int], disliked: Iterable[int] = ()) -> UserProfile:
    """Return a profile with liked and disliked tracks only, by position."""
    opinions = dict.fromkeys(liked, 1.0) | dict.fromkeys(disliked, -1.0)
    positions = np.array(list(opinions), np.int64)
    return UserProfile(positions, np.array(list(opinions.values()), np.float32), positions)


def with_seeds(profile: UserProfile, liked: Iterable[int], disliked: Iterable[int]) -> UserProfile:
    """Return `profile` with more liked and disliked tracks, each as strong as its strongest.

    They replace opinions of the same tracks, but not the history.
    """
    seeds = profile_from_seeds(liked, disliked)
    if not len(seeds.positions):
        return profile
    rest = profile.without(seeds.positions)
    strength = np.abs(profile.weights).max(initial=1.0)
    return replace(
        rest,
        positions=np.concatenate([rest.positions, seeds.positions]),
        weights=np.concatenate([rest.weights, seeds.weights * np.float32(strength)]),
        known=np.union1d(profile.known, seeds.positions),
        history=profile.history,
        ages=profile.ages,
    )


def _listen_table(
    listens: "pd.DataFrame", positions: Mapping[str, int], durations: Durations
) -> "pd.DataFrame":
    """Return a row per listen of a known track, with plays, skips, rating and time."""
    import pandas as pd

    codes, _ = pd.factorize(listens["user_id"], sort=True)
    table = pd.DataFrame({"user": codes.astype(np.int64), "row": np.arange(len(listens))})
    table["track"] = listens["track_id"].map(positions).to_numpy()
    tracks = np.asarray(table["track"].to_numpy(), np.float64)
    share = share_heard(_values(listens, "ms_played"), tracks, durations)
    rating = _values(listens, "rating")
    table["plays"], table["skips"] = worth(
        _values(listens, "plays"), share, _values(listens, "skipped"), rating
    )
    table["rating"] = _opinions(rating, listens.get("source"))
    table["timestamp"] = _column(listens, "timestamp").to_numpy()
    table["order"] = _column(listens, "position").to_numpy()
    table = table.dropna(subset=["track"])
    table["track"] = table["track"].astype(np.int64)
    return table


def share_heard(ms_played: Values, tracks: Values, durations: Durations) -> Values:
    """Return the share of each track that was played, at most 1; NaN if unknown.

    Parameters
    ----------
    tracks
        Position of each listen's track, NaN if unknown.
    durations
        Seconds of each track, None or NaN if unknown; None if all are.
    """
    if durations is None or np.isnan(ms_played).all():
        return np.full(len(ms_played), np.nan)
    if not isinstance(durations, np.ndarray):
        durations = np.array([d or np.nan for d in durations], np.float64)
    known = ~np.isnan(tracks)
    share = np.full(len(ms_played), np.nan)
    seconds = durations[tracks[known].astype(np.int64)]
    share[known] = np.minimum(ms_played[known] / 1000 / seconds, 1.0)
    return share


def worth(plays: Values, share: Values, skipped: Values, rating: Values) -> tuple[Values, Values]:
    """Return the number of plays and of skips that each listen counts for; NaN is unknown."""
    away = (skipped > 0) | (np.isnan(skipped) & (share < SKIP_SHARE))
    # a row with only a rating is an opinion, not a play
    unsaid = np.where(np.isnan(rating), 1.0, 0.0)
    played = np.where(np.isnan(plays), unsaid, plays) * np.where(np.isnan(share), 1.0, share)
    # a row of totals, as players export them, counts its number of skips
    skips = np.maximum(np.where(np.isnan(plays), 1.0, plays), 1.0)
    return np.where(away, 0.0, played), np.where(away, skips, 0.0)


def _first_rows(table: "pd.DataFrame") -> NDArray[np.int64]:
    """Return one row of each listener in the table, in the order of their numbers."""
    places = np.unique(table["user"].to_numpy(), return_index=True)[1]
    return table["row"].to_numpy(np.int64)[places]


def _histories(
    table: "pd.DataFrame",
) -> dict[int, tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Return the latest plays of each listener whose plays all have an order, and their ages."""
    played = table[table["plays"] > 0]
    timed = played.groupby("user")["timestamp"].transform("count") == played.groupby("user")[
        "timestamp"
    ].transform("size")
    counted = played.groupby("user")["order"].transform("count") == played.groupby("user")[
        "order"
    ].transform("size")
    moment = np.where(timed, played["timestamp"], np.where(counted, played["order"], np.nan))
    users, tracks = played["user"].to_numpy(), played["track"].to_numpy(np.int64)
    row = played["row"].to_numpy()
    now = float(np.nanmax(np.where(timed, moment, np.nan), initial=-np.inf))
    order = np.lexsort((row, moment, users))
    order = order[~np.isnan(moment[order])]
    found = {}
    names, starts = np.unique(users[order], return_index=True)
    stops = [*starts[1:].tolist(), len(order)]
    for name, start, stop in zip(names.tolist(), starts.tolist(), stops, strict=False):
        latest = order[start:stop][-MAX_HISTORY:]
        days = np.zeros(0, np.float32)
        if len(latest) and bool(timed.to_numpy()[latest[0]]):
            days = ((now - moment[latest]) / SECONDS_A_DAY).astype(np.float32)
        found[int(name)] = (tracks[latest], days)
    return found


def _with_friends(
    profiles: dict[str, UserProfile], pairs: Iterable[tuple[str, str]]
) -> dict[str, UserProfile]:
    known: dict[str, set[str]] = {}
    for one, other in pairs:
        if one in profiles and other in profiles and one != other:
            known.setdefault(one, set()).add(other)
            known.setdefault(other, set()).add(one)
    likes = {name: profiles[name].liked for name in known}
    return profiles | {
        name: replace(profiles[name], friends=tuple(likes[friend] for friend in sorted(friends)))
        for name, friends in known.items()
    }


def _column(listens: "pd.DataFrame", name: str) -> "pd.Series[float]":
    import pandas as pd

    if name not in listens:
        return pd.Series(np.nan, index=listens.index, dtype=float)
    return pd.to_numeric(listens[name], errors="coerce").astype(float)


def _values(listens: "pd.DataFrame", name: str) -> Values:
    return np.asarray(_column(listens, name).to_numpy(), np.float64)


def _opinions(rating: Values, sources: "pd.Series[str] | None") -> Values:
    """Scale the ratings of each source to [-1, 1]; 0 without a rating."""
    if sources is None:
        return on_unit_scale(rating, rating_scale(rating))
    import pandas as pd

    opinions = np.zeros_like(rating)
    rated = np.flatnonzero(~np.isnan(rating))
    codes, names = pd.factorize(sources.to_numpy()[rated])
    for code, name in enumerate(names):
        own = rated[codes == code]
        opinions[own] = on_unit_scale(rating[own], rating_scale(rating[own], str(name)))
    return opinions


def rating_scale(rating: Values, source: str | None = None) -> Scale:
    """Return the scale that the ratings of a source use, inferred from their range.

    >>> rating_scale(np.array([1.0, 4.0])), rating_scale(np.array([40.0, np.nan]))
    ((1.0, 5.0), (0.0, 100.0))
    """
    known = rating[~np.isnan(rating)]
    if source == LIVE:
        return LIVE_SCALE
    if not known.size:
        return 0.0, 1.0
    least, most = float(known.min()), float(known.max())
    top = next((scale for scale in _SCALES if most <= scale), most)
    # five stars begin at one, other scales at zero
    return (1.0 if top == 5.0 and least >= 1.0 else min(0.0, least)), top


def on_unit_scale(rating: Values, scale: Scale) -> Values:
    """Scale ratings to [-1, 1]; 0 without a rating.

    >>> on_unit_scale(np.array([1.0, 3.0, 5.0, np.nan]), (1.0, 5.0)).tolist()
    [-1.0, 0.0, 1.0, 0.0]
    """
    bottom, top = scale
    unit = 2 * (rating - (top + bottom) / 2) / (top - bottom)
    return np.where(np.isnan(unit), 0.0, np.clip(unit, -1, 1))
